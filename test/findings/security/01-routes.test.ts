import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { bring, openPlatform } from '../../handoff/hand-off.ts';
import {
  Application,
  answerOf,
  enterPassword,
  newVisitor,
  refused,
} from '../../oidc/application.ts';
import { openProduction } from '../../oidc/production.ts';
import type { Person, World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import type { Page } from '../../support/page.ts';
import { askRaw, type RawAnswer } from '../../support/raw-request.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** The way back of a sign-in, `/oidc/auth/<uid>`, as routers that are not exact would take it. */
const waysBack = (uid: string) => [
  `/oidc/auth/${uid}`,
  '/oidc/auth/auth',
  `/oidc/AUTH/${uid}`,
  `/oidc/Auth/${uid}/`,
  `/oidc/auth/${uid}/`,
  `/oidc/auth//${uid}`,
  `/oidc//auth/${uid}`,
  `/oidc/%61uth/${uid}`,
  `/oidc/auth%2F${uid}`,
  `/oidc/auth/./${uid}`,
  `/oidc/auth/x/../${uid}`,
  `/oidc/auth/${uid};x`,
  `/oidc/auth\\${uid}#`,
];

const deviceWaysBack = (uid: string) => [
  '/oidc/device/auth',
  ...waysBack(uid).map((path) => path.replace(/auth/i, (found) => devices[found] ?? found)),
];
const devices: Record<string, string> = { auth: 'device', AUTH: 'DEVICE', Auth: 'Device' };

describe('another spelling of a route', { timeout: 120_000 }, () => {
  let world: World;
  let app: Application;
  let tv: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openProduction();
    app = await Application.of(world);
    tv = await Application.of(world, { grantTypes: ['authorization_code', deviceGrant] });
    ada = await world.addPerson();
  });
  afterAll(() => world?.close());

  const uidOf = (page: Page) => page.url.pathname.split('/')[2] ?? '';

  /** Some cookies of one browser, for any address, as a neighbouring host can plant them. */
  const planted = (from: Visitor, names: RegExp) =>
    from.cookies.all
      .filter(({ name }) => names.test(name))
      .map(({ name, value }) => `${name}=${value}`);

  const ask = (path: string, cookies: string[]) =>
    askRaw(world.url, path, { headers: { cookie: cookies.join('; '), accept: 'text/html' } });

  const sessionsOf = async ({ id }: Person) =>
    world.database.query(
      `select 1 from oidc_artifacts where model in ('Session', 'AuthorizationCode')
        and account_id = $1`,
      [id],
    );

  /** No session but, at the most, the one that was brought. */
  function assertNothingGiven({ status, headers }: RawAnswer, path: string, brought: string[]) {
    assert.ok([400, 404, 422].includes(status), `${path}: ${status} ${headers.location}`);
    const given = (headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0] ?? '');
    const sessions = given.filter((cookie) => /^session=\w/.test(cookie));
    assert.ok(
      sessions.every((session) => brought.includes(session)),
      `${path}: ${sessions}`,
    );
    assert.equal(headers.location, undefined, path);
  }

  /** A sign-in that the person has finished, before the browser goes back with it. */
  async function finish(visitor: Visitor, page: Page, person: Person): Promise<string> {
    const { url, fields } = page.fill({ email: person.email, password: person.password });
    const { headers } = await visitor.fetch(url, {
      ...{ method: 'POST', body: fields.toString(), headers: form },
    });
    return String(headers.location);
  }

  /** Where a browser that has not followed it yet is sent to sign in. */
  const pageOf = ({ headers }: Page) => new URL(String(headers.location), world.url);

  /** A victim with the attacker's interaction planted, on the genuine page of it. */
  async function walkIn(victim: Visitor, attacker: Visitor, page: URL, person: Person) {
    await victim.open(`${world.url}/account`);
    for (const { name, value, path } of attacker.cookies.all) {
      if (/^interaction/.test(name))
        victim.cookies.set(world.url, `${name}=${value}; Path=${path}`);
    }
    const shown = await victim.open(page);
    const body = new URLSearchParams({ email: person.email, password: person.password });
    await victim.fetch(page, { method: 'POST', body: body.toString(), headers: form });
    return shown.heading;
  }

  test('takes no sign-in over that an attacker began and the victim finished', async () => {
    const victimOf = await world.addPerson();
    const [attacker, victim] = [newVisitor(), newVisitor()];
    const page = pageOf(await attacker.fetch((await app.request()).url));
    const uid = page.pathname.split('/')[2] ?? '';
    const seen = await walkIn(victim, attacker, page, victimOf);
    for (const path of waysBack(uid).toReversed()) {
      const own = planted(attacker, /resume|browser|session/);
      const { headers } = await ask(path, own);
      assert.ok(!String(headers.location).includes('code='), `${path}: ${headers.location}`);
    }
    assert.deepEqual(await sessionsOf(victimOf), []);
    assert.equal(seen, 'This page has expired');
  });

  test('signs nobody in as the attacker, nor out (login and logout CSRF)', async () => {
    const mallory = await world.addPerson({ name: 'Mallory' });
    const [attacker, victim] = [newVisitor(), newVisitor()];
    await app.signIn(victim, ada);
    const begun = await attacker.open((await app.request()).url);
    const wayBack = await finish(attacker, begun, mallory);
    const cookies = [...planted(attacker, /resume|interaction/), ...planted(victim, /./)];
    for (const path of waysBack(uidOf(begun)).toReversed()) {
      const answer = await ask(path, cookies);
      assertNothingGiven(answer, path, cookies);
      assert.doesNotMatch(answer.body, /session\/end\/confirm/, path);
    }
    const silent = await victim.open((await app.request({ prompt: 'none' })).url);
    assert.ok(answerOf(silent).code, 'the victim is still signed in');
    assert.ok(answerOf(await attacker.open(wayBack)).code, 'the attack was a real one');
  });

  test('goes on with another interaction than the cookie names for nobody', async () => {
    const visitor = newVisitor();
    const first = await visitor.open((await app.request()).url);
    const second = await visitor.open((await app.request()).url);
    await finish(visitor, first, ada);
    const cookies = [...planted(visitor, /browser/), ...resumeOf(visitor, uidOf(first))];
    assertNothingGiven(await ask(`/oidc/auth/${uidOf(second)}`, cookies), 'another uid', cookies);
    const { headers } = await ask(`/oidc/auth/${uidOf(first)}`, cookies);
    assert.match(String(headers.location), /code=/);
  });

  test('makes no session of a hand-off', async () => {
    const platform = await openPlatform(world);
    for (let spelling = 0; spelling < waysBack('').length; spelling++) {
      const member = await platform.addMember();
      const visitor = newVisitor();
      await bring(visitor, world, await platform.ticketFor(member));
      const begun = await visitor.fetch((await platform.app.request()).url);
      const page = new URL(String(begun.headers.location), world.url);
      const uid = page.pathname.split('/')[2] ?? '';
      assert.match(page.pathname, /handed-over$/);
      await visitor.fetch(page);
      const path = waysBack(uid)[spelling] ?? '';
      const answer = await ask(path, planted(visitor, /./));
      const given = String(answer.headers['set-cookie'] ?? '');
      assert.doesNotMatch(given, /(^|,)session=\w/, path);
      if (spelling > 0) assertNothingGiven(answer, path, []);
      for (const cookie of given.split(/,(?=\w+=)/)) visitor.cookies.set(world.url, cookie);
      const account = await visitor.open(`${world.url}/account/email`);
      assert.match(account.heading, /^Sign in/, path);
    }
  });

  test('gives an attacker’s device no tokens of the victim', async () => {
    const victimOf = await world.addPerson();
    const [attacker, victim] = [newVisitor(), newVisitor()];
    const started = await openid.initiateDeviceAuthorization(tv.config, { scope: 'openid' });
    const typed = await attacker.submit(await attacker.open(`${world.issuer}/device`), {
      user_code: started.user_code,
    });
    const confirm = typed.fill({});
    const page = pageOf(
      await attacker.fetch(confirm.url, {
        ...{ method: 'POST', body: confirm.fields.toString(), headers: form },
      }),
    );
    const uid = page.pathname.split('/')[2] ?? '';
    const seen = await walkIn(victim, attacker, page, victimOf);
    for (const path of deviceWaysBack(uid).toReversed()) {
      await ask(path, planted(attacker, /resume|browser|session/));
      await ask(path, [...planted(attacker, /resume/), ...planted(victim, /./)]);
    }
    const { device_code } = started;
    await assert.rejects(openid.genericGrantRequest(tv.config, deviceGrant, { device_code }));
    assert.deepEqual(await sessionsOf(victimOf), []);
    assert.equal(seen, 'This page has expired');
  });

  test('answers a way back that nobody left by as one that has expired', async () => {
    for (const path of ['auth/abc', 'device/abc', 'device/%2e', 'device/%ff']) {
      const answer = await fetch(`${world.issuer}/${path}`, { headers: { accept: 'text/html' } });
      assert.ok(answer.status === 400 || answer.status === 404, `${path}: ${answer.status}`);
    }
  });

  test('does not take a device’s sign-in for an application’s', async () => {
    const visitor = newVisitor();
    const { user_code } = await openid.initiateDeviceAuthorization(tv.config, { scope: 'openid' });
    const typed = await visitor.submit(await visitor.open(`${world.issuer}/device`), { user_code });
    const begun = await visitor.submit(typed);
    await finish(visitor, begun, await world.addPerson());
    const cookies = planted(visitor, /./);
    const path = `/oidc/auth/${uidOf(begun)}`;
    const answer = await ask(path, cookies);
    assert.equal(answer.status, 400);
    assertNothingGiven(answer, path, cookies);
  });

  test('does not connect a device by a way back that another browser finished', async () => {
    const [attacker, victim] = [newVisitor(), newVisitor()];
    await app.signIn(victim, ada);
    const { user_code, device_code } = await openid.initiateDeviceAuthorization(tv.config, {
      scope: 'openid',
    });
    const typed = await attacker.submit(await attacker.open(`${world.issuer}/device`), {
      user_code,
    });
    const begun = await attacker.submit(typed);
    await finish(attacker, begun, await world.addPerson());
    const cookies = [...planted(attacker, /resume/), ...planted(victim, /./)];
    for (const path of deviceWaysBack(uidOf(begun)).toReversed()) {
      assertNothingGiven(await ask(path, cookies), path, cookies);
    }
    const redeeming = openid.genericGrantRequest(tv.config, deviceGrant, { device_code });
    await refused(redeeming, 'authorization_pending');
  });

  test('gives nobody more than thirty tries at user codes', async () => {
    const visitor = newVisitor({ headers: { 'x-forwarded-for': '203.0.113.77' } });
    const page = await visitor.open(`${world.issuer}/device`);
    const { fields } = page.fill({ user_code: 'BBBB-BBBB' });
    const cookie = planted(visitor, /./).join('; ');
    const headers = { ...form, cookie, 'x-forwarded-for': '203.0.113.77' };
    const post = (path: string) =>
      askRaw(world.url, path, { method: 'POST', headers, body: fields.toString() });
    for (const path of ['/oidc/DEVICE', '/oidc/device/', '/oidc/Device', '/oidc//device']) {
      assert.equal((await post(path)).status, 404, path);
    }
    const statuses: number[] = [];
    for (let tries = 0; tries < 31; tries++) statuses.push((await post('/oidc/device')).status);
    assert.deepEqual(statuses, [...Array(30).fill(422), 429]);
  });

  test('brings no id of an interaction into the log', async () => {
    const visitor = newVisitor();
    const uid = uidOf(await visitor.open((await app.request()).url));
    const pages = waysBack(uid).map((path) => path.replace('/oidc/auth', '/interaction'));
    const hostile = [`/INTERACTION/${uid}/code`, `/interaction/${uid}/code?lang=de`, `/x/${uid}`];
    for (const path of [...waysBack(uid), ...deviceWaysBack(uid), ...pages, ...hostile]) {
      await ask(path, planted(visitor, /./));
    }
    await enterPassword(visitor, await visitor.open((await app.request()).url), ada);
    assert.ok(world.service.logs().includes('/oidc/auth/:uid'));
    assert.ok(!world.service.logs().includes(uid));
  });

  function resumeOf(visitor: Visitor, uid: string): string[] {
    return visitor.cookies.all
      .filter(({ name, path }) => name.startsWith('resume') && path.endsWith(uid))
      .map(({ name, value }) => `${name}=${value}`);
  }
});
