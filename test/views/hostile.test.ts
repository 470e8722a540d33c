import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Layout } from '../../views/registry.ts';
import { layoutSamples } from '../../views/samples.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { allSamples, render } from './samples.ts';

const text = `"'><script>alert(1)</script><img src=x onerror=alert(1)></title></textarea><!--<%= 1 %>`;
const link = `javascript:alert(1)//"'><script>alert(1)</script>`;
/** Chosen by us, from lists that the types hold. */
const ours = new Set(['purpose', 'kind', 'notice', 'label', 'lang', 'state', 'type', 'role']);

/** The same context with hostile text in every place that can hold text. */
function hostile<T>(value: T, key?: string): T;
function hostile(value: unknown, key = ''): unknown {
  if (typeof value === 'string') {
    if (ours.has(key)) return value;
    return /ur[il]$|action$|stylesheet|picture/i.test(key) ? link : text;
  }
  if (value instanceof Date || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => hostile(item, key));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, hostile(item, name)]),
  );
}

/** Anything in the document that a template did not write. */
const findIntruders = `[...document.querySelectorAll('*')].filter((element) =>
  [...element.attributes].some(({ name, value }) => /^(on|style$)/.test(name) ||
    (/^(href|src|action|formaction)$/.test(name) && /^\\s*(javascript|vbscript|data:text)/i.test(value))) ||
  element.matches('style, script:not([src^="/assets/"]), img[src="x"], iframe, base, object')
).map((element) => element.outerHTML.slice(0, 200))`;

describe('what others wrote', () => {
  let browser: TestBrowser;
  let page: Page;
  let dialogs = 0;

  beforeAll(async () => {
    browser = await openBrowser();
    page = await (await browser.newPerson()).newPage();
    page.on('dialog', (dialog) => {
      dialogs += 1;
      void dialog.dismiss();
    });
  });
  afterAll(() => browser?.close());

  for (const sample of allSamples)
    test(`is shown as text, without help of a content policy: ${sample.title}`, async () => {
      const layout: Layout = hostile<Layout>(layoutSamples.full);
      const html = render({ ...sample, page: hostile(sample.page) }, undefined, layout);
      await page.setContent(html, { waitUntil: 'domcontentloaded' });
      assert.deepEqual(await page.evaluate<string[]>(findIntruders), []);
      assert.equal(dialogs, 0);
    });
});
