import assert from 'node:assert/strict';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { type Gallery, openGallery } from './gallery.ts';
import { allSamples } from './samples.ts';

describe('with scripts', () => {
  let browser: TestBrowser;
  let gallery: Gallery;
  let person: BrowserContext;

  beforeAll(async () => {
    gallery = await openGallery();
    browser = await openBrowser();
    person = await browser.newPerson();
  });
  afterAll(async () => {
    await browser?.close();
    gallery?.close();
  });

  async function open(title: string, context = person): Promise<Page> {
    const page = await context.newPage();
    await page.goto(gallery.url(allSamples.findIndex((sample) => sample.title === title)));
    return page;
  }

  test('a handle is answered while it is typed, and the address changes with it', async () => {
    const page = await open('profile, empty');
    await page.getByLabel('Handle').fill('Free.Bird');
    await page.getByText('free.bird is free').waitFor();
    assert.equal(await page.locator('#preview').textContent(), 'free.bird');
    await page.getByLabel('Handle').fill('john');
    await page.getByText('This one is taken.').waitFor();
    assert.equal(await page.getByLabel('Handle').getAttribute('aria-invalid'), 'true');
    await page.getByRole('button', { name: 'free.one' }).click();
    await page.getByText('free.one is free').waitFor();
    assert.equal(await page.getByLabel('Handle').inputValue(), 'free.one');
    assert.equal(await page.getByLabel('Handle').getAttribute('aria-invalid'), null);
  });

  test('a slow answer about an earlier handle is not shown', async () => {
    const page = await open('profile, empty');
    const late = Promise.withResolvers<void>();
    await page.route('**/availability?handle=first', async (route) => {
      await late.promise;
      await route.fulfill({ json: { handle: 'first', available: true } }).catch(() => {});
    });
    const asked = page.waitForRequest('**/availability?handle=first');
    await page.getByLabel('Handle').fill('first');
    await asked;
    await page.getByLabel('Handle').fill('free.second');
    await page.getByText('free.second is free').waitFor();
    late.resolve();
    assert.match((await page.locator('#handle-state').textContent()) ?? '', /free\.second/);
  });

  test('a code is grouped while it is typed or pasted', async () => {
    const page = await open('code, sign-up');
    const field = page.getByLabel('Code');
    await field.pressSequentially('4812');
    assert.equal(await field.inputValue(), '481 2');
    await field.fill('');
    await field.fill('481-204');
    assert.equal(await field.inputValue(), '481 204');
    await field.fill('48120417');
    assert.equal(await field.inputValue(), '4812 0417');
  });

  test('another code can be asked for when the wait is over', async () => {
    const page = await person.newPage();
    await page.clock.install();
    await page.goto(gallery.url(allSamples.findIndex(({ title }) => title === 'code, sign-up')));
    const button = page.getByRole('button', { name: /new code/ });
    await page.getByText('Send a new code in 0:42').waitFor();
    assert.equal(await button.isDisabled(), true);
    await page.clock.runFor(43_000);
    assert.equal(await button.textContent(), 'Send a new code');
    assert.equal(await button.isDisabled(), false);
  });

  test('a password can be shown, and leaves the page as a password', async () => {
    const page = await open('sign-in, first');
    const field = page.getByLabel('Password');
    await page.getByRole('button', { name: 'Show' }).click();
    assert.equal(await field.getAttribute('type'), 'text');
    await page.route('**/sign-in/**', (route) => route.fulfill({ status: 204 }));
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    assert.equal(await field.getAttribute('type'), 'password');
  });

  test('a password is judged while it is typed', async () => {
    const page = await open('password, first');
    const level = page.locator('.level');
    for (const [password, word] of [
      ['12345678', 'Easy to guess.'],
      ['john.doe', 'Easy to guess.'],
      ['password123', 'Easy to guess.'],
      ['tulip kettle moon river', 'Strong.'],
      ['', ''],
    ] as const) {
      await page.getByLabel('Password').fill(password);
      assert.equal(await level.textContent(), word, password);
    }
  });

  test('a form is sent once, however often the button is pressed', async () => {
    const page = await open('recovery, first');
    let sent = 0;
    const answer = Promise.withResolvers<void>();
    await page.route('**/recovery/**', async (route) => {
      sent += 1;
      await answer.promise;
      await route.fulfill({ contentType: 'text/html', body: 'It was sent' });
    });
    const box = await page.getByRole('button', { name: 'Send me a code' }).boundingBox();
    assert.ok(box);
    await page.mouse.dblclick(box.x + box.width / 2, box.y + box.height / 2);
    await page.keyboard.press('Enter');
    answer.resolve();
    await page.getByText('It was sent').waitFor();
    assert.equal(sent, 1);
  });

  test('the summary of errors has the focus, and leads to the field', async () => {
    const page = await open('profile, short');
    assert.equal(await page.evaluate("document.activeElement.getAttribute('role')"), 'alert');
    await page.getByRole('link', { name: 'Enter your name.' }).click();
    assert.equal(await page.evaluate('document.activeElement.id'), 'name');
  });
});

describe('without scripts', () => {
  let browser: TestBrowser;
  let gallery: Gallery;
  let page: Page;

  beforeAll(async () => {
    gallery = await openGallery();
    browser = await openBrowser();
    page = await (await browser.newPerson({ javaScriptEnabled: false })).newPage();
  });
  afterAll(async () => {
    await browser?.close();
    gallery?.close();
  });

  const posted = async (act: () => Promise<void>) => {
    const request = page.waitForRequest((candidate) => candidate.method() === 'POST');
    await act();
    return new URLSearchParams((await request).postData() ?? '');
  };
  const open = (title: string) =>
    page.goto(gallery.url(allSamples.findIndex((sample) => sample.title === title)));

  test('Enter in a field means the primary action, not a suggestion', async () => {
    await open('profile, free');
    const form = await posted(() => page.getByLabel('Handle').press('Enter'));
    assert.deepEqual(Object.fromEntries(form), { name: 'John Doe', handle: 'john.doe' });
  });

  test('a suggestion is sent with what was typed', async () => {
    await open('profile, free');
    const form = await posted(() => page.getByRole('button', { name: 'johnd' }).click());
    assert.deepEqual(Object.fromEntries(form), {
      name: 'John Doe',
      handle: 'john.doe',
      suggestion: 'johnd',
    });
  });

  test('a code is asked for by a second button of the same form', async () => {
    await open('sign-in, returning');
    const form = await posted(() => page.getByRole('button', { name: 'Email me a code' }).click());
    assert.equal(form.get('with'), 'code');
    assert.equal(form.get('email'), 'john@example.com');
    assert.equal(form.get('remember'), 'yes');
  });

  test('no button is shown that would do nothing', async () => {
    await open('sign-in, first');
    assert.equal(await page.getByRole('button', { name: 'Show' }).count(), 0);
  });
});
