import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { type Gallery, openGallery } from './gallery.ts';
import { allSamples, render } from './samples.ts';

const address = /class="address|<wbr>:/;
const withAddress = allSamples.flatMap((sample, index) =>
  address.test(render(sample)) ? [{ ...sample, index }] : [],
);

describe('an address on Matrix', () => {
  let browser: TestBrowser;
  let gallery: Gallery;
  let page: Page;
  beforeAll(async () => {
    gallery = await openGallery();
    browser = await openBrowser();
    page = await (await browser.newPerson()).newPage();
  });
  afterAll(async () => {
    await browser?.close();
    gallery?.close();
  });

  for (const width of [320, 390]) {
    test(`goes on in another line before its server, after a dot or a hyphen, at ${width} pixels`, async () => {
      await page.setViewportSize({ width, height: 800 });
      const seen: string[] = [];
      for (const { title, index } of withAddress) {
        await page.goto(gallery.url(index));
        for (const lines of await addresses(page)) {
          seen.push(lines.join(''));
          for (const [i, line] of lines.slice(1).entries()) {
            const end = lines[i] ?? '';
            assert.ok(line.startsWith(':') || /[.-]$/.test(end), `${title}: ${lines.join(' | ')}`);
          }
        }
      }
      assert.ok(seen.length > 5, seen.join(' '));
    });
  }

  test('does so while it is typed', async () => {
    await page.setViewportSize({ width: 320, height: 800 });
    const profile = withAddress.find(({ title }) => title === 'profile, empty');
    assert.ok(profile);
    await page.goto(gallery.url(profile.index));
    await page.getByLabel('Handle').fill('maximiliana.alexandrina.hohenfels');
    const [lines = []] = await addresses(page);
    assert.deepEqual(lines.slice(0, 2), ['@maximiliana.', 'alexandrina.']);
    assert.equal(await page.locator('#preview').textContent(), 'maximiliana.alexandrina.hohenfels');
    await page.getByLabel('Handle').fill('');
    assert.equal(await page.locator('#preview:empty').count(), 1);
  });
});

/** Every address of the page, as the lines in which it is shown. */
function addresses(page: Page): Promise<string[][]> {
  return page.evaluate<string[][]>(`(() => {
    const linesOf = (element) => {
      const lines = [];
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      let bottom = -Infinity;
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        for (let at = 0; at < node.length; at += 1) {
          const range = document.createRange();
          range.setStart(node, at);
          range.setEnd(node, at + 1);
          const rect = range.getBoundingClientRect();
          if (rect.top >= bottom - 2) lines.push('');
          bottom = Math.max(bottom, rect.bottom);
          lines[lines.length - 1] += node.data[at];
        }
      }
      return lines;
    };
    return [...document.querySelectorAll('.address p[dir], main bdi')]
      .filter(({ textContent }) => /^@\\S*:\\S+$/.test(textContent))
      .map(linesOf);
  })()`);
}
