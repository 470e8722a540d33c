import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest';
import { Application, answerOf, enterPassword, newVisitor, refused } from '../oidc/application.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';

const formType = { 'content-type': 'application/x-www-form-urlencoded' };

/** How browsers mark a form that another site makes them send. */
const foreign: Record<string, string>[] = [
  { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  { origin: 'http://evil.127.0.0.1.nip.example', 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-site' },
  { origin: 'https://evil.example' },
  { origin: 'null', 'sec-fetch-site': 'cross-site' },
];

describe('another site', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    [app, ada] = await Promise.all([Application.of(world), world.addPerson()]);
  });
  afterAll(() => world.close());

  async function begin(visitor: Visitor, params: Record<string, string> = {}) {
    const attempt = await app.request(params);
    return { attempt, page: await visitor.open(attempt.url) };
  }

  /** Every form of a sign-in, a sign-up, a recovery and a consent, each on its page. */
  const forms: Record<string, (visitor: Visitor) => Promise<[Page, Record<string, string>]>> = {
    'the password': async (visitor) => [
      (await begin(visitor)).page,
      { email: ada.email, password: ada.password },
    ],
    'an address that signs up': async (visitor) => [
      (await begin(visitor, { prompt: 'create' })).page,
      { email: 'csrf1@mail.example' },
    ],
    'an address to recover': async (visitor) => [
      await visitor.click((await begin(visitor)).page, /forgot/i),
      { email: ada.email },
    ],
    'a code': async (visitor) => {
      const { page } = await begin(visitor, { prompt: 'create' });
      const email = 'csrf2@mail.example';
      const code = await visitor.submit(page, { email });
      return [code, { code: codeIn(await world.service.mailbox.waitForMail(email)) }];
    },
    'name and handle': async (visitor) => {
      const { page } = await begin(visitor, { prompt: 'create' });
      const email = 'csrf3@mail.example';
      const code = await visitor.submit(page, { email });
      const mail = await world.service.mailbox.waitForMail(email);
      const profile = await visitor.submit(code, { code: codeIn(mail) });
      return [profile, { name: 'Eve', handle: 'csrf.three' }];
    },
    'a consent': async (visitor) => {
      const { page } = await begin(visitor, { prompt: 'consent' });
      return [await enterPassword(visitor, page, ada), {}];
    },
    'the choice of an account': async (visitor) => {
      await app.signIn(visitor, ada);
      return [(await begin(visitor, { prompt: 'select_account' })).page, {}];
    },
  };
  for (const [name, reach] of Object.entries(forms)) {
    test(`cannot send ${name} in a person’s browser`, async () => {
      const visitor = newVisitor();
      const [page, values] = await reach(visitor);
      const { url, fields } = page.fill(values);
      for (const headers of foreign) {
        const answer = await visitor.fetch(url, {
          method: 'POST',
          body: fields.toString(),
          headers: { ...formType, ...headers },
        });
        assert.equal(answer.status, 403, JSON.stringify(headers));
      }
      const honest = await visitor.submit(page, values);
      assert.ok(honest.status === 0 || honest.status === 200, 'the attack changed nothing');
    });
  }

  test('cannot sign a person out', async () => {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    for (const body of ['logout=yes', 'logout=yes&xsrf=', `logout=yes&xsrf=${'0'.repeat(48)}`]) {
      const answer = await visitor.fetch(`${world.issuer}/session/end/confirm`, {
        method: 'POST',
        ...{ body, headers: { ...formType, ...foreign[0] } },
      });
      assert.ok(answer.status >= 400, `${answer.status}`);
    }
    assert.ok(answerOf((await begin(visitor, { prompt: 'none' })).page).code);
  });

  test('cannot connect its own device to a person’s account', async () => {
    const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
    const device = await Application.of(world, { grantTypes: ['authorization_code', deviceGrant] });
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    const { user_code, device_code } = await openid.initiateDeviceAuthorization(device.config, {
      scope: 'openid',
    });
    await visitor.open(`${world.issuer}/device`);
    for (const xsrf of ['', '&xsrf=', `&xsrf=${'0'.repeat(48)}`]) {
      await visitor.fetch(`${world.issuer}/device`, {
        method: 'POST',
        body: `user_code=${user_code}&confirm=yes${xsrf}`,
        headers: { ...formType, ...foreign[0] },
      });
    }
    const redeeming = openid.genericGrantRequest(device.config, deviceGrant, { device_code });
    await refused(redeeming, 'authorization_pending');
  });

  test('gets none of our cookies sent along with its forms, and no script reads them', async () => {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    assert.ok(visitor.cookies.all.length >= 2);
    for (const cookie of visitor.cookies.all) {
      assert.equal(cookie.sameSite, 'lax', cookie.name);
      assert.ok(cookie.httpOnly, cookie.name);
    }
  });

  test('cannot put any of our pages into a frame', async () => {
    const visitor = newVisitor();
    const { page } = await begin(visitor);
    await app.signIn(visitor, ada);
    const pages = [
      page,
      await visitor.open(`${world.issuer}/session/end`),
      await visitor.open(`${world.issuer}/device`),
      await visitor.open(`${world.url}/`),
      await visitor.open(`${world.url}/account`),
      await visitor.open(`${world.url}/nothing-here`),
      await visitor.open(`${world.issuer}/auth?client_id=nobody`),
      (await begin(visitor, { prompt: 'consent' })).page,
    ];
    for (const { headers, url } of pages) {
      assert.equal(headers['x-frame-options'], 'DENY', url.href);
      assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/);
    }
  });

  test('that knows the address of somebody’s sign-in cannot use it in another browser', async () => {
    const visitor = newVisitor();
    const { page } = await begin(visitor);
    const thief = newVisitor();
    for (const path of ['', '/sign-in', '/code', '/profile', '/cancel', '/consent', '/accounts']) {
      const answer = await thief.open(`${page.url.href}${path}`);
      assert.ok(answer.status >= 400, path);
      assert.ok(!answer.has('[name=password]'));
    }
    // Not even with the library's own cookies, only without the one that names the browser.
    for (const { name, value, path } of visitor.cookies.all) {
      if (name !== 'browser') thief.cookies.set(world.url, `${name}=${value}; Path=${path}`);
    }
    assert.equal((await thief.open(page.url)).status, 400);
    const { attempt } = await begin(visitor);
    assert.ok(attempt);
    assert.equal((await visitor.open(page.url)).status, 200);
  });

  test('that knows the way back of a finished sign-in gets no code there', async () => {
    const visitor = newVisitor();
    const { page } = await begin(visitor);
    const { url, fields } = page.fill({ email: ada.email, password: ada.password });
    const body = fields.toString();
    const finished = await visitor.fetch(url, { method: 'POST', body, headers: formType });
    const wayBack = String(finished.headers.location);
    const answer = await newVisitor().open(wayBack);
    assert.equal(answer.status, 400);
    assert.ok(answerOf(await visitor.open(wayBack)).code);
  });

  test('cannot read what our endpoints answer, with or without a person’s cookies', async () => {
    const visitor = newVisitor();
    const tokens = await app.signIn(visitor, ada);
    for (const path of ['/oidc/userinfo', '/account', '/oidc/session/end', '/']) {
      const answer = await visitor.fetch(`${world.url}${path}`, {
        headers: { origin: 'https://evil.example', authorization: `Bearer ${tokens.access_token}` },
      });
      const allowed = answer.headers['access-control-allow-origin'];
      assert.ok(!allowed || allowed === 'null', `${path}: ${allowed}`);
      assert.equal(answer.headers['access-control-allow-credentials'], undefined);
    }
  });

  test('cannot sign a person in as the attacker by planting a finished sign-in (cookie tossing)', async () => {
    const mallory = await world.addPerson({ name: 'Mallory' });
    const attacker = newVisitor();
    const { page } = await begin(attacker);
    const { url, fields } = page.fill({ email: mallory.email, password: mallory.password });
    const body = fields.toString();
    const finished = await attacker.fetch(url, { method: 'POST', body, headers: formType });
    const wayBack = String(finished.headers.location);
    const victim = newVisitor();
    await victim.open((await app.request()).url);
    for (const { name, value, path } of attacker.cookies.all) {
      if (/resume|interaction/.test(name)) {
        victim.cookies.set(wayBack, `${name}=${value}; Path=${path}`);
      }
    }
    const answer = await victim.open(wayBack);
    assert.equal(answer.status, 400);
    const silent = await begin(victim, { prompt: 'none' });
    assert.equal(answerOf(silent.page).error, 'login_required', 'nobody is signed in');
    assert.equal((await attacker.open(wayBack)).status, 0, 'the attack was a real one');
  });

  test('cannot fix the session that a person is going to use', async () => {
    const visitor = newVisitor();
    // A session of a browser in which nobody signed in yet, as an attacker could plant it.
    await visitor.open(`${world.issuer}/device`);
    const planted = visitor.cookies.find('session')?.value;
    assert.ok(planted);
    await app.signIn(visitor, ada);
    assert.notEqual(visitor.cookies.find('session')?.value, planted);
    const attacker = newVisitor();
    for (const name of ['session', 'session.sig']) {
      const value = name === 'session' ? planted : '';
      attacker.cookies.set(world.url, `${name}=${value}; Path=/`);
    }
    const silent = await begin(attacker, { prompt: 'none' });
    assert.equal(answerOf(silent.page).error, 'login_required');
  });

  test('cannot make up a session: its cookie is signed', async () => {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    const value = visitor.cookies.find('session')?.value ?? '';
    const forger = newVisitor();
    for (const signature of [undefined, '', 'A'.repeat(27)]) {
      forger.cookies.clear();
      forger.cookies.set(world.url, `session=${value}; Path=/`);
      if (signature !== undefined) {
        forger.cookies.set(world.url, `session.sig=${signature}; Path=/`);
      }
      const silent = await begin(forger, { prompt: 'none' });
      assert.equal(answerOf(silent.page).error, 'login_required');
    }
  });
});

test('on https every cookie that can be is locked to the host, and all are secure', async () => {
  const world = await openWorld({ env: { PUBLIC_URL: 'https://id.acme.example' } });
  onTestFinished(() => world.close());
  const { service } = world;
  const client = await world.addClient();
  const query = new URLSearchParams({
    client_id: client.id,
    response_type: 'code',
    redirect_uri: client.redirectUris[0] ?? '',
    scope: 'openid',
    code_challenge: 'A'.repeat(43),
    code_challenge_method: 'S256',
  });
  const visitor = newVisitor({
    headers: { host: 'id.acme.example', 'x-forwarded-proto': 'https' },
  });
  const [local = ''] = service.instances.map(({ url }) => url);
  const started = await visitor.fetch(`${local}/oidc/auth?${query}`);
  const target = new URL(String(started.headers.location), 'https://id.acme.example');
  assert.equal(target.origin, 'https://id.acme.example');
  const page = await visitor.fetch(`${local}${target.pathname}`);
  await visitor.fetch(`${local}/oidc/device`);
  assert.equal(page.status, 200);
  assert.match(String(page.headers['strict-transport-security']), /max-age=\d{8}/);
  const names = visitor.cookies.all.map(({ name }) => name);
  assert.ok(names.includes('__Host-browser') && names.includes('__Host-session'), names.join());
  for (const { name, secure, path } of visitor.cookies.all) {
    assert.ok(secure, name);
    assert.match(name, /^__(Host|Secure)-/);
    if (name.startsWith('__Host-')) assert.equal(path, '/');
  }
});
