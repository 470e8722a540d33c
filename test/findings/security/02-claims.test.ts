import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { ConsentedClaims1797000000002 } from '../../../migrations/1797000000002-consented-claims.ts';
import {
  Application,
  type Attempt,
  answerOf,
  enterPassword,
  newVisitor,
  type Tokens,
} from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import type { Page } from '../../support/page.ts';
import { until } from '../../support/until.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const grantTypes = ['authorization_code', 'refresh_token', deviceGrant];
const everything = [
  ...['name', 'picture', 'locale', 'updated_at', 'preferred_username', 'matrix_handle', 'roles'],
  ...['groups', 'email', 'email_verified', 'tenant_id', 'tenant_domain'],
];
const all = Object.fromEntries(everything.map((claim) => [claim, null]));
const scope = 'openid';
const nothing = { idToken: [], userinfo: [] };
const few = { id_token: { email: { essential: true } }, userinfo: { name: null } };
const fewTold = { idToken: ['email'], userinfo: ['name'] };

/** The ways in which a request reaches us: each gives where the person starts. */
const ways: Record<string, (app: Application, attempt: Attempt) => Promise<URL>> = {
  'by the browser': async (_app, { url }) => url,
  pushed: (app, { url }) => openid.buildAuthorizationUrlWithPAR(app.config, url.searchParams),
};

describe('claims that are asked for one by one', () => {
  let world: World;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    ada = await world.addPerson();
    await world.database.query(
      `update accounts set picture = 'https://media.example/a.png', locale = 'en'`,
    );
  });
  afterAll(() => world.close());

  const stranger = () => Application.of(world, { name: 'Stranger', firstParty: false, grantTypes });
  const limited = () => Application.of(world, { scopes: ['openid'], grantTypes });

  const told = (claims: object) => everything.filter((claim) => claim in claims);
  async function toldTo(app: Application, tokens: Tokens) {
    return { idToken: told(tokens.claims() ?? {}), userinfo: told(await app.userinfo(tokens)) };
  }

  async function arrive(visitor: Visitor, start: URL): Promise<Page> {
    const page = await visitor.open(start);
    return page.has('[name=password]') ? enterPassword(visitor, page, ada) : page;
  }
  /** Through sign-in and consent to tokens. */
  async function allow(app: Application, visitor: Visitor, params: Record<string, string>) {
    const attempt = await app.request(params);
    return app.redeem(attempt, await visitor.submit(await arrive(visitor, attempt.url)));
  }

  for (const [way, start] of Object.entries(ways)) {
    test(`are on the consent page before anybody is told them: ${way}`, async () => {
      const app = await stranger();
      const attempt = await app.request({ scope, claims: JSON.stringify(few) });
      const visitor = newVisitor();
      const page = await arrive(visitor, await start(app, attempt));
      assert.deepEqual(listed(page), ['See your email address', 'See your name']);
      const tokens = await app.redeem(attempt, await visitor.submit(page));
      assert.deepEqual(await toldTo(app, tokens), fewTold);
      assert.deepEqual(await toldTo(app, await app.refresh(tokens.refresh_token)), fewTold);
    });

    test(`do not come to a client that has other scopes only: ${way}`, async () => {
      const app = await limited();
      const claims = JSON.stringify({ id_token: all, userinfo: all });
      const attempt = await app.request({ scope, claims });
      const back = await arrive(newVisitor(), await start(app, attempt));
      const tokens = await app.redeem(attempt, back);
      assert.deepEqual(await toldTo(app, tokens), nothing);
      assert.deepEqual(await toldTo(app, await app.refresh(tokens.refresh_token)), nothing);
    });
  }

  test('all have words on the consent page', async () => {
    const claims = JSON.stringify({ id_token: all, userinfo: all });
    const page = await arrive(
      newVisitor(),
      (await (await stranger()).request({ scope, claims })).url,
    );
    const said = listed(page).join();
    for (const word of ['name', 'picture', 'language', 'details', 'handle', 'roles', 'groups']) {
      assert.ok(said.includes(word), word);
    }
    assert.match(said, /community/);
  });

  test('are told nobody who was refused, or who asks behind the person’s back', async () => {
    const [app, visitor] = [await stranger(), newVisitor()];
    await allow(app, visitor, { scope });
    const asked = { scope, claims: JSON.stringify(few) };
    const silent = await app.request({ ...asked, prompt: 'none' });
    assert.equal(answerOf(await visitor.open(silent.url)).error, 'consent_required');
    const page = await visitor.open((await app.request(asked)).url);
    const refusal = await visitor.submit(page, {}, { button: 'Don’t allow' });
    assert.equal(answerOf(refusal).error, 'access_denied');
    assert.equal(answerOf(await visitor.open(silent.url)).error, 'consent_required');
  });

  test('are allowed by whoever allowed the scope that brings them', async () => {
    const [app, visitor] = [await stranger(), newVisitor()];
    await allow(app, visitor, { scope: 'openid profile email' });
    const again = await app.request({ scope, claims: JSON.stringify(few), prompt: 'none' });
    const tokens = await app.redeem(again, await visitor.open(again.url));
    assert.deepEqual(await toldTo(app, tokens), fewTold);
  });

  for (const [who, appOf, expected] of [
    ['shown before a stranger’s', stranger, fewTold],
    ['not told to a limited client’s', limited, nothing],
  ] as const) {
    test(`are ${who} device`, async () => {
      const [app, visitor] = [await appOf(), newVisitor()];
      const order = { scope, claims: JSON.stringify(few) };
      const started = await openid.initiateDeviceAuthorization(app.config, order);
      const typed = await visitor.open(String(started.verification_uri_complete));
      const signIn = await visitor.submit(await visitor.submit(typed));
      const page = await enterPassword(visitor, signIn, ada);
      if (expected === fewTold) {
        assert.deepEqual(listed(page), ['See your email address', 'See your name']);
        await visitor.submit(page);
      }
      const code = { device_code: started.device_code };
      const tokens = await openid.genericGrantRequest(app.config, deviceGrant, code);
      assert.deepEqual(await toldTo(app, tokens as Tokens), expected);
    });
  }

  test('end with the scope that the operator takes from the client', async () => {
    const app = await Application.of(world);
    const tokens = await app.signIn(newVisitor(), ada, { scope, claims: JSON.stringify(few) });
    assert.deepEqual(await toldTo(app, tokens), fewTold);
    await world.database.query(`update clients set scopes = '{openid}' where id = $1`, [
      app.client.id,
    ]);
    await until(async () => told(await app.userinfo(tokens)).length === 0, {
      what: 'userinfo without the claims',
    });
    assert.deepEqual(await toldTo(app, await app.refresh(tokens.refresh_token)), nothing);
  });

  test('that were allowed before they were shown are asked for once more', async () => {
    const [app, visitor] = [await stranger(), newVisitor()];
    const asked = { scope, claims: JSON.stringify(few) };
    const tokens = await allow(app, visitor, asked);
    const migration = new ConsentedClaims1797000000002();
    await migration.up(world.database as unknown as QueryRunner);
    assert.deepEqual(await toldTo(app, await app.refresh(tokens.refresh_token)), nothing);
    const page = await visitor.open((await app.request(asked)).url);
    assert.deepEqual(listed(page), ['See your email address', 'See your name']);
  });
});

function listed(page: Page): string[] {
  return [...page.document.querySelectorAll('.scopes li')].map((item) => item.textContent.trim());
}
