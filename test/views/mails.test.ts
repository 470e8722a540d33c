import assert from 'node:assert/strict';
import { HtmlValidate } from 'html-validate';
import { parse } from 'node-html-parser';
import { describe, test } from 'vitest';
import { renderMail } from '../../src/mail/render.ts';
import { mailSamples } from '../../views/mail-registry.ts';
import { languages } from './samples.ts';

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: {
    'long-title': 'off',
    'no-trailing-whitespace': 'off',
    // Mail programs know neither style sheets of their own nor newer attributes.
    'no-inline-style': 'off',
    'no-deprecated-attr': 'off',
    'element-permitted-content': 'off',
    'prefer-tbody': 'off',
  },
});
const all = Object.entries(mailSamples).flatMap(([name, faces]) =>
  faces.map((params, face) => ({ title: `${name}, ${face + 1}`, name, params })),
);

describe('every mail, in every language', () => {
  for (const { title, name, params } of all)
    test(`says the same as text and as HTML: ${title}`, async () => {
      for (const language of languages) {
        const mail = renderMail(name, language.lang, params, language);
        const report = await validator.validateString(mail.html);
        const faults = report.results.flatMap((result) => result.messages);
        assert.deepEqual(
          faults.map(({ ruleId, message }) => `${ruleId}: ${message}`),
          [],
        );
        const body = parse(mail.html).querySelector('body');
        const words = (body?.text ?? '').replace(/\s+/g, ' ');
        const paragraphs = mail.text.split(/\n{2,}/).filter((part) => !part.startsWith('--'));
        for (const paragraph of paragraphs.filter((part) => !part.includes('\n')))
          if (!/https?:|:$/.test(paragraph)) assert.ok(words.includes(paragraph.trim()), paragraph);
        assert.doesNotMatch(mail.text + mail.subject, /undefined|\{\w+\}|&\w+;/);
        assert.doesNotMatch(mail.subject, /[\r\n]/);
        assert.ok(mail.text.split('\n').every((line) => Buffer.byteLength(line) < 998));
      }
    });

  test('holds at most one code and one button, and loads nothing', () => {
    for (const { title, name, params } of all) {
      const { html, text } = renderMail(name, 'en', params);
      const page = parse(html);
      assert.ok(page.querySelectorAll('a').length <= 1, title);
      assert.ok((text.match(/\b\d{6}\b/g) ?? []).length <= 1, title);
      assert.deepEqual(page.querySelectorAll('img, link, script, [background]'), [], title);
      assert.doesNotMatch(html, /url\(|@import/, title);
    }
  });

  test('tells which application and device asked, and what to do if it was not you', () => {
    const [params] = mailSamples.recovery;
    const { text } = renderMail('recovery', 'en', params ?? {});
    assert.match(text, /Application: Element\nDevice: Firefox, Linux\n/);
    assert.match(text, /Didn’t ask for it\?/);
  });
});

describe('what others wrote in a mail', () => {
  const text = `"><script>alert(1)</script><img src=x>\r\nBcc: victim@example.com`;

  test('is shown as text, on one line', () => {
    const [sample] = mailSamples['email-changed'];
    const mail = renderMail('email-changed', 'en', {
      ...sample,
      brand: { name: text },
      application: text,
      email: text,
      userAgent: text,
      address: text,
    });
    assert.deepEqual(parse(mail.html).querySelectorAll('script, img'), []);
    assert.doesNotMatch(mail.subject, /[\r\n]/);
    assert.doesNotMatch(mail.text, /^Bcc:/m);
  });

  test('never becomes a link that runs code', () => {
    const [sample] = mailSamples['new-sign-in'];
    assert.throws(() =>
      renderMail('new-sign-in', 'en', { ...sample, link: 'javascript:alert(1)' }),
    );
  });

  test('cannot name another mail', () => {
    assert.throws(() => renderMail('constructor', 'en', {}), /there is no mail/);
  });
});
