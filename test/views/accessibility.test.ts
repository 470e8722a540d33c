import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { type Gallery, openGallery } from './gallery.ts';
import { allSamples, languages } from './samples.ts';

declare const axe: { run(options: RunOptions): Promise<AxeResults> };

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);
const phone = { width: 320, height: 640 };
const desktop = { width: 1280, height: 800 };

describe('every page, in a browser', () => {
  let browser: TestBrowser;
  let gallery: Gallery;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    gallery = await openGallery();
    browser = await openBrowser();
    const person = await browser.newPerson({ viewport: phone });
    page = await person.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`${page.url()} ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`${page.url()} ${error.message}`));
  });

  afterAll(async () => {
    await browser?.close();
    gallery?.close();
  });

  for (const [index, sample] of allSamples.entries()) {
    test(`is accessible, small in light and wide in dark: ${sample.title}`, async () => {
      await page.setViewportSize(phone);
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      await page.goto(gallery.url(index));
      assert.deepEqual(await wider(page), [], 'it fits 320 pixels');
      await page.evaluate(axeSource);
      assert.deepEqual(await violations(page), []);
      await page.setViewportSize(desktop);
      await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
      assert.deepEqual(await violations(page), []);
    });

    test(`fits 320 pixels in every other language: ${sample.title}`, async () => {
      await page.setViewportSize(phone);
      for (const { lang } of languages.slice(1)) {
        await page.goto(gallery.url(index, lang));
        assert.deepEqual(await wider(page), [], lang);
      }
    });
  }

  test('breaks no rule of the content policy, and no script fails', () => {
    assert.deepEqual(complaints, []);
  });
});

async function violations(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(() =>
    axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Elements that reach beyond the sides of the window. */
function wider(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    const beyond = [...document.querySelectorAll('main *, footer *')].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 1 && (left < 0 || right > clientWidth + 0.5);
    });
    const found = beyond.map((element) => element.outerHTML.slice(0, 120));
    return scrollWidth > clientWidth ? [scrollWidth + ' pixels', ...found] : found;
  })()`);
}
