import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { removeOldestAnonymous } from '../../../src/oidc/anonymous-artifacts.store.ts';
import { anonymousLimits } from '../../../src/oidc/anonymous-artifacts.ts';
import { Application, answerOf, newVisitor, refused } from '../../oidc/application.ts';
import { newProofKey } from '../../oidc/proof.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { codeIn } from '../../support/mail.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const grantTypes = ['authorization_code', 'refresh_token', deviceGrant];
const flooder = '198.51.100.7';

describe('what strangers have us keep', () => {
  let world: World;
  let app: Application;
  let anybody: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld({ env: { TRUSTED_PROXIES: '127.0.0.1/32' } });
    [app, anybody, ada] = await Promise.all([
      Application.of(world, { grantTypes }),
      Application.of(world, { grantTypes, tokenEndpointAuthMethod: 'none' }),
      world.addPerson(),
    ]);
  });
  afterAll(() => world.close());

  const from = (address: string) => newVisitor({ headers: { 'x-forwarded-for': address } });

  /** Rows of the artefacts, by model, and how many seconds the oldest of them still has. */
  async function kept(model: string) {
    const [row] = await world.database.query<{ count: number; seconds: number }>(
      `select count(*)::int as count,
          extract(epoch from min(expires_at) - now())::int as seconds
        from oidc_artifacts where model = $1`,
      [model],
    );
    return row ?? { count: 0, seconds: 0 };
  }

  /** As many requests as `times`, a few at once, each by a browser without cookies. */
  async function flood(times: number, url: URL, init: RequestInit = {}): Promise<Set<number>> {
    const statuses = new Set<number>();
    const headers = { ...init.headers, 'x-forwarded-for': flooder };
    const one = async (): Promise<void> => {
      for (; times > 0; ) {
        times -= 1;
        const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
        await answer.arrayBuffer();
        statuses.add(answer.status);
      }
    };
    await Promise.all(Array.from({ length: 8 }, one));
    return statuses;
  }

  test('is of a size: 2 KB a parameter, however the request comes', async () => {
    const long = 'x'.repeat(2049);
    for (const name of ['state', 'nonce', 'login_hint', 'ui_locales', 'claims', 'upstream']) {
      const answer = answerOf(await newVisitor().open((await app.request({ [name]: long })).url));
      assert.equal(answer.error, 'invalid_request', name);
    }
    const { url } = await app.request({ login_hint: long });
    await refused(
      openid.buildAuthorizationUrlWithPAR(app.config, url.searchParams),
      'invalid_request',
    );
    const order = { scope: 'openid', login_hint: long };
    await refused(openid.initiateDeviceAuthorization(app.config, order), 'invalid_request');
    const fits = { state: 'x'.repeat(2048), nonce: 'y'.repeat(2048) };
    assert.ok((await newVisitor().open((await app.request(fits)).url)).has('[name=password]'));
  });

  test('is no mark of a proof of possession that opens nothing', async () => {
    const key = await newProofKey();
    const { url } = await anybody.request();
    const body = url.searchParams;
    const push = async () => {
      const endpoint = `${world.issuer}/par`;
      const dpop = await key.prove({ url: endpoint, method: 'POST' });
      return fetch(endpoint, { method: 'POST', body, headers: { dpop } });
    };
    const before = await kept('ReplayDetection');
    for (let times = 0; times < 3; times += 1) assert.equal((await push()).status, 201);
    assert.equal((await kept('ReplayDetection')).count, before.count);
  });

  test('is of a size: 16 KB a token, and 8 KB all the rest together', async () => {
    const { id_token = '' } = await app.signIn(newVisitor(), ada);
    for (const params of [
      { id_token_hint: `${id_token}${'x'.repeat(16_384)}` },
      Object.fromEntries(
        ['state', 'nonce', 'login_hint', 'ui_locales', 'acr_values'].map((name) => [
          name,
          'x'.repeat(2000),
        ]),
      ),
    ] as Record<string, string>[]) {
      const { url } = await app.request(params);
      const pushing = openid.buildAuthorizationUrlWithPAR(app.config, url.searchParams);
      await refused(pushing, 'invalid_request');
    }
  });

  test('is short-lived until somebody acts on it, and then has its hour', async () => {
    await world.database.query(`delete from oidc_artifacts where model = 'Interaction'`);
    const visitor = newVisitor();
    const attempt = await app.request({ prompt: 'create' });
    const page = await visitor.open(attempt.url);
    assert.ok((await kept('Interaction')).seconds <= anonymousLimits.seconds);
    await visitor.submit(page, { email: 'not an address' });
    assert.ok((await kept('Interaction')).seconds <= anonymousLimits.seconds);
    const email = 'new@mail.example';
    const asksCode = await visitor.submit(page, { email });
    assert.ok((await kept('Interaction')).seconds > 3500);
    const code = codeIn(await world.service.mailbox.waitForMail(email));
    assert.ok((await visitor.submit(asksCode, { code })).has('[name=handle]'));
  });

  test('is short-lived where a session has no account', async () => {
    await newVisitor().open(`${world.issuer}/device`);
    const { count, seconds } = await kept('Session');
    assert.ok(count > 0);
    const [anonymous] = await world.database.query<{ seconds: number }>(
      `select extract(epoch from max(expires_at) - now())::int as seconds
        from oidc_artifacts where model = 'Session' and account_id is null`,
    );
    assert.ok((anonymous?.seconds ?? Infinity) <= anonymousLimits.seconds, `${seconds}`);
  });

  test('makes room within its network: the oldest goes first, and nobody is refused', async () => {
    const before = from('203.0.113.1');
    const started = await app.request();
    const page = await before.open(started.url);
    const within = from(flooder);
    const waits = await within.open((await app.request({ prompt: 'create' })).url);
    const code = await within.submit(waits, { email: 'within@mail.example' });
    const oldest = from(flooder);
    const lost = await oldest.open((await app.request()).url);
    const { url } = await app.request({ state: 's'.repeat(2000) });
    assert.deepEqual(await flood(anonymousLimits.perNetwork + 100, url), new Set([303]));
    const { count } = await kept('Interaction');
    assert.ok(count < anonymousLimits.perNetwork + 20, `${count} are kept`);
    assert.equal((await oldest.open(lost.url)).status, 400);
    assert.ok((await within.open(code.url)).has('[name=code]'), 'whoever acted stays');
    const back = await before.submit(page, { email: ada.email, password: ada.password });
    assert.equal((await app.redeem(started, back)).claims()?.sub, ada.id);
    const newcomer = await from(flooder).open((await app.request()).url);
    assert.ok(newcomer.has('[name=password]'), 'and so does whoever comes now');
  });

  for (const [what, path] of [
    ['pushed requests', 'par'],
    ['device codes', 'device/auth'],
  ] as const) {
    const model = path === 'par' ? 'PushedAuthorizationRequest' : 'DeviceCode';
    test(`makes room within its network where they are ${what} of a public client`, async () => {
      const { url } = await anybody.request({ state: 's'.repeat(2000) });
      const target = new URL(`${world.issuer}/${path}`);
      const statuses = await flood(anonymousLimits.perNetwork + 100, target, {
        method: 'POST',
        body: url.searchParams,
      });
      assert.deepEqual(statuses, new Set([path === 'par' ? 201 : 200]));
      assert.ok((await kept(model)).count <= anonymousLimits.perNetwork + 8);
    });
  }

  test('does not count where a client proved that it is itself', async () => {
    await world.database.query('delete from oidc_artifacts');
    const { url } = await app.request();
    const pushed = await openid.buildAuthorizationUrlWithPAR(app.config, url.searchParams);
    await openid.initiateDeviceAuthorization(app.config, { scope: 'openid' });
    assert.equal(await removeOldestAnonymous(world.database, { keep: 0, batch: 100 }), 0);
    assert.ok((await newVisitor().open(pushed)).has('[name=password]'));
  });

  test('makes room over all too, the oldest first, with what was opened by it', async () => {
    await world.database.query('delete from oidc_artifacts');
    await world.database.query('delete from sign_ins');
    const [first, second] = [from('203.0.113.1'), from('203.0.113.2')];
    const [old, young] = [
      await first.open((await app.request()).url),
      await second.open((await app.request()).url),
    ];
    assert.equal(await removeOldestAnonymous(world.database, { keep: 1, batch: 100 }), 1);
    assert.equal((await first.open(old.url)).status, 400);
    assert.equal((await second.open(young.url)).status, 200);
    const [row] = await world.database.query<{ count: number }>(
      'select count(*)::int from sign_ins',
    );
    assert.equal(row?.count, 1);
  });
});
