import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import { type SmallApp, startSmallApp } from '../../support/small-app.ts';

const header = 'cross-origin-opener-policy';

describe('the window that a client opened', () => {
  let world: World;
  let app: Application;
  let clientApp: SmallApp;
  let ada: Person;
  beforeAll(async () => {
    [world, clientApp] = await Promise.all([openWorld(), startSmallApp()]);
    const redirectUris = [clientApp.callback];
    [app, ada] = await Promise.all([
      Application.of(world, { firstParty: false, redirectUris }),
      world.addPerson(),
    ]);
  });
  afterAll(async () => {
    await Promise.all([world?.close(), clientApp?.stop()]);
  });

  /** Follows redirects one by one and gives the header of each answer of ours on the way. */
  async function wayOf(visitor: Visitor, first: URL, init: Parameters<Visitor['fetch']>[1] = {}) {
    const found: [path: string, policy: unknown][] = [];
    let page = await visitor.fetch(first, init);
    for (;;) {
      if (page.url.origin === world.url) found.push([page.url.pathname, page.headers[header]]);
      const { location } = page.headers;
      if (!location) return { page, found };
      page = await visitor.fetch(new URL(location, page.url));
    }
  }

  test('stays in touch with it through every answer of a sign-in', async () => {
    const visitor = newVisitor();
    const attempt = await app.request();
    const posted = {
      method: 'POST',
      body: `${attempt.url.searchParams}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
    const begin = await wayOf(visitor, new URL(`${world.issuer}/auth`), posted);
    const german = await wayOf(visitor, new URL('?lang=de', begin.page.url));
    const { url, fields } = begin.page.fill({ email: ada.email, password: ada.password });
    const { headers } = posted;
    const consent = await wayOf(visitor, url, { ...posted, body: `${fields}` });
    const allow = consent.page.fill({});
    const end = await wayOf(visitor, allow.url, { method: 'POST', body: '', headers });
    assert.equal(end.page.url.origin, clientApp.url);
    const all = [begin, german, consent, end].flatMap(({ found }) => found);
    assert.ok(all.length >= 9, JSON.stringify(all));
    for (const [path, policy] of all) assert.equal(policy, 'unsafe-none', path);
  });

  test('is cut off where no client waits: the account, its sign-in, devices, signing out', async () => {
    const visitor = newVisitor();
    for (const path of ['/', '/account', '/oidc/device', '/nowhere', '/interaction/x']) {
      const page = await visitor.open(`${world.url}${path}`);
      assert.equal(page.headers[header], 'same-origin', path);
    }
    const account = await visitor.open(`${world.url}/account`);
    assert.match(account.url.pathname, /^\/interaction/);
    await enterPassword(visitor, account, ada);
    for (const path of ['/account', '/account/email', '/account/delete', '/oidc/session/end']) {
      const page = await visitor.open(`${world.url}${path}`);
      assert.equal(page.status, 200, path);
      assert.equal(page.headers[header], 'same-origin', path);
    }
  });

  test('can do nothing with our page but close it, or lead it away', async () => {
    const assets = new URL('../../../views/assets/', import.meta.url);
    for (const file of (await readdir(assets)).filter((name) => name.endsWith('.js'))) {
      const script = await readFile(new URL(file, assets), 'utf8');
      assert.doesNotMatch(script, /opener|postMessage|'message'|window\.name|hashchange|\.hash\b/);
    }
    const page = await newVisitor().open((await app.request()).url);
    assert.ok(!page.has('iframe, frame, object, embed'));
    assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/);
    assert.equal(page.headers['x-frame-options'], 'DENY');
    assert.equal(page.headers['cross-origin-resource-policy'], 'same-origin');
  });
});
