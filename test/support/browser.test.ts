import assert from 'node:assert/strict';
import { test } from 'vitest';
import { openBrowser } from './browser.ts';

test('Chromium shows a page at the size of a phone', async () => {
  const browser = await openBrowser();
  const person = await browser.newPerson({ size: 'phone' });
  const page = await person.newPage();
  await page.setContent('<h1>Hello</h1>');
  assert.equal(await page.textContent('h1'), 'Hello');
  assert.equal(page.viewportSize()?.width, 360);
  await browser.close();
});
