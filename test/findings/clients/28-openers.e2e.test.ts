import assert from 'node:assert/strict';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { openBrowser, type TestBrowser } from '../../support/browser.ts';
import { type SmallApp, startSmallApp } from '../../support/small-app.ts';

describe('a pop-up that another origin opened, in Chromium', { timeout: 120_000 }, () => {
  let world: World;
  let browser: TestBrowser;
  let client: SmallApp;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    [world, browser, client] = await Promise.all([openWorld(), openBrowser(), startSmallApp()]);
    const redirectUris = [client.callback];
    [app, ada] = await Promise.all([
      Application.of(world, { firstParty: false, redirectUris }),
      world.addPerson(),
    ]);
  });
  afterAll(async () => {
    await Promise.all([world?.close(), browser?.close(), client?.stop()]);
  });

  async function open(person: BrowserContext, address: string): Promise<[Page, Page]> {
    const opener = await person.newPage();
    await opener.goto(client.url);
    const opened = person.waitForEvent('page');
    // The expression in the page has its own `window`.
    await opener.evaluate(`void window.open(${JSON.stringify(address)})`);
    const popup = await opened;
    await popup.waitForLoadState();
    return [opener, popup];
  }

  for (const mode of ['query', 'form_post']) {
    test(`can tell its opener that the sign-in is done, by ${mode}`, async () => {
      const person = await browser.newPerson();
      const { url } = await app.request({ response_mode: mode });
      const [opener, popup] = await open(person, url.href);
      await popup.getByRole('link', { name: 'Deutsch' }).click();
      await popup.waitForSelector('html[lang=de]');
      await popup.fill('[name=email]', ada.email);
      await popup.fill('[name=password]', ada.password);
      await popup.click('button[type=submit]');
      await popup.getByRole('button', { name: 'Erlauben', exact: true }).click();
      await popup.waitForURL(client.callback + (mode === 'query' ? '?**' : ''));
      assert.equal(await popup.evaluate('window.opener !== null'), true);
      await opener.waitForFunction(`document.title === 'heard of it'`);
      await person.close();
    });
  }

  test('has no opener any more where no client waits', async () => {
    const person = await browser.newPerson();
    for (const path of ['/account', '/', '/oidc/device']) {
      const [, popup] = await open(person, `${world.url}${path}`);
      assert.equal(await popup.evaluate('window.opener'), null, path);
    }
    await person.close();
  });

  test('gives nothing away to a press that was meant for the page before', async () => {
    const person = await browser.newPerson();
    const tab = await person.newPage();
    await tab.goto((await app.request({ prompt: 'consent' })).url.href);
    await tab.fill('[name=email]', ada.email);
    await tab.fill('[name=password]', ada.password);
    await tab.click('button[type=submit]');
    await tab.waitForURL(/\/interaction\//);
    const allow = tab.getByRole('button', { name: 'Allow', exact: true });
    await allow.waitFor();
    await tab.evaluate(`window.dispatchEvent(new Event('focus'))`);
    assert.equal(await allow.isDisabled(), true, 'as soon as the page comes into sight');
    await allow.click();
    await tab.waitForURL(`${client.callback}**`);
    await person.close();
  });
});
