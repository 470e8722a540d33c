import assert from 'node:assert/strict';
import { HtmlValidate } from 'html-validate';
import { parse } from 'node-html-parser';
import { describe, test } from 'vitest';
import { layoutSamples } from '../../views/samples.ts';
import { allSamples, languages, render } from './samples.ts';

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: {
    'long-title': 'off',
    'no-trailing-whitespace': 'off',
    'require-sri': 'off',
    // A form has one `button[type=submit]`, its primary; the others leave the type to the default.
    'no-implicit-button-type': 'off',
    // Pages only reload themselves where there are no scripts.
    'meta-refresh': 'off',
  },
});

const isPrimary = 'button[type=submit]';

describe('every page, in every language', () => {
  for (const sample of allSamples)
    test(`is valid HTML and says everything: ${sample.title}`, async () => {
      for (const language of languages) {
        const html = render(sample, language);
        const report = await validator.validateString(html);
        const faults = report.results.flatMap((result) => result.messages);
        assert.deepEqual(
          faults.map(
            ({ line, ruleId, message }) => `${language.lang} ${line} ${ruleId}: ${message}`,
          ),
          [],
        );
        assert.doesNotMatch(html, /undefined|\[object|NaN/);
        assert.doesNotMatch(html.replace(/data-[\w-]+="[^"]*"/g, ''), /\{\w+\}/);
      }
    });

  test('renders without application, links and languages too', () => {
    for (const sample of allSamples)
      assert.doesNotMatch(render(sample, undefined, layoutSamples.bare), /undefined/);
  });

  test('has neither scripts nor styles within', () => {
    for (const sample of allSamples) {
      const page = parse(render(sample));
      assert.deepEqual(page.querySelectorAll('style, script:not([src]), [style]'), []);
      for (const element of page.querySelectorAll('*'))
        assert.doesNotMatch(Object.keys(element.attributes).join(' '), /(^| )on/);
    }
  });
});

describe('every form', () => {
  for (const sample of allSamples)
    test(`works without scripts: ${sample.title}`, () => {
      const page = parse(render(sample));
      const forms = page.querySelectorAll('form');
      for (const form of forms) {
        assert.ok(form.getAttribute('action'));
        assert.ok(form.querySelectorAll(isPrimary).length <= 1, 'one primary action');
      }
      if (forms[0]) assert.ok(forms[0].querySelector(isPrimary), 'the main form comes first');
      for (const field of page.querySelectorAll('[aria-invalid=true]')) {
        const described = (field.getAttribute('aria-describedby') ?? '').split(' ');
        assert.ok(described.some((id) => page.getElementById(id)?.textContent.trim()));
      }
    });

  test('keeps the names and tokens that password managers know', () => {
    const tokens: Readonly<Record<string, readonly string[]>> = {
      // With passkeys, which browsers offer in the same field (HTML: autofill, `webauthn`).
      email: ['username', 'username webauthn', 'email'],
      password: ['current-password', 'new-password'],
      current: ['current-password'],
      code: ['one-time-code'],
      name: ['name'],
    };
    for (const sample of allSamples)
      for (const field of parse(render(sample)).querySelectorAll('input')) {
        const allowed = tokens[field.getAttribute('name') ?? ''];
        const token = field.getAttribute('autocomplete') ?? '';
        if (allowed) assert.ok(allowed.includes(token), `${sample.title}: ${token}`);
      }
  });
});
