import assert from 'node:assert/strict';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { openBrowser, type TestBrowser } from '../../support/browser.ts';
import { type SmallApp, startSmallApp } from '../../support/small-app.ts';

/** In Chromium, which judges forms by the content policy of the page that they are on. */
describe('two people at one browser, in Chromium', { timeout: 120_000 }, () => {
  let world: World;
  let browser: TestBrowser;
  let app: SmallApp;
  let application: Application;
  let ada: Person;
  let ben: Person;
  beforeAll(async () => {
    [world, browser, app] = await Promise.all([openWorld(), openBrowser(), startSmallApp()]);
    const redirectUris = [app.callback];
    const postLogoutRedirectUris = [`${app.url}/`];
    application = await Application.of(world, { redirectUris, postLogoutRedirectUris });
    [ada, ben] = await Promise.all([
      world.addPerson({ name: 'Ada' }),
      world.addPerson({ name: 'Ben' }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([world?.close(), browser?.close(), app?.stop()]);
  });

  async function open(person: BrowserContext, params: Record<string, string> = {}) {
    const attempt = await application.request(params);
    const tab = await person.newPage();
    await tab.goto(attempt.url.href);
    return { attempt, tab };
  }

  async function enter(tab: Page, { email, password }: Person): Promise<void> {
    await tab.fill('[name=email]', email);
    await tab.fill('[name=password]', password);
    await tab.click('button[type=submit]');
  }

  async function arrive(tab: Page): Promise<URLSearchParams> {
    await tab.waitForURL(`${app.url}/**`);
    assert.equal(await tab.title(), 'Arrived');
    return app.answers.at(-1) as URLSearchParams;
  }

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';

    test(`both arrive at the application, ${how}`, async () => {
      const person = await browser.newPerson({ javaScriptEnabled });
      const first = await open(person);
      const second = await open(person);
      for (const [{ tab, attempt }, who] of [
        [first, ada],
        [second, ben],
      ] as const) {
        await enter(tab, who);
        const answer = await arrive(tab);
        const tokens = await application.redeem(attempt, new URL(`${app.callback}?${answer}`));
        assert.equal(tokens.claims()?.sub, who.id);
      }
      await first.tab.goto(`${world.url}/account`);
      assert.equal(await first.tab.inputValue('[name=name]'), 'Ben');
      await person.close();
    });

    test(`an answer is posted to the application, ${how}`, async () => {
      const person = await browser.newPerson({ javaScriptEnabled });
      const { tab, attempt } = await open(person, { response_mode: 'form_post' });
      await enter(tab, ada);
      if (!javaScriptEnabled) {
        assert.match(String(await tab.textContent('h1')), /^Back to/);
        await tab.click('button[type=submit]');
      }
      const answer = await arrive(tab);
      const tokens = await application.redeem(attempt, new URL(`${app.callback}?${answer}`));
      assert.equal(tokens.claims()?.sub, ada.id);
      await tab.goBack();
      assert.doesNotMatch(String(await tab.textContent('h1')), /^Arrived/);
      await person.close();
    });

    test(`whoever is signed out already comes back to the application, ${how}`, async () => {
      const person = await browser.newPerson({ javaScriptEnabled });
      const tab = await person.newPage();
      const query = new URLSearchParams({
        client_id: application.client.id,
        post_logout_redirect_uri: `${app.url}/`,
      });
      await tab.goto(`${world.issuer}/session/end?${query}`);
      if (!javaScriptEnabled) await tab.click('button[type=submit]');
      await tab.waitForURL(`${app.url}/**`);
      await person.close();
    });
  }
});
