import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { accountClientId } from '../../../src/clients/own-clients.ts';
import { enterPassword } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { Visitor } from '../../support/forms.ts';
import { actionsOn, letProofsGrowOld, visitAccount } from './visitor.ts';

describe('the account page', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  test('signs a person in and shows who they are, without asking for consent', async () => {
    const person = await world.addPerson();
    const { visitor, page } = await visitAccount(world, person);
    assert.equal(page.status, 200);
    assert.match(page.text, new RegExp(`@${person.handle}:`));
    assert.equal(page.value('name'), person.name);
    assert.ok(!visitor.visited.some(({ pathname }) => pathname.endsWith('/consent')));
    assert.equal(page.headers['cache-control'], 'no-store');
  });

  test('leads back to the page that was asked for, and to no other', async () => {
    const person = await world.addPerson();
    const visitor = new Visitor();
    const page = await visitor.open(`${world.url}/account/email`);
    assert.equal((await enterPassword(visitor, page, person)).url.pathname, '/account/email');
    const callback = visitor.visited.find(({ pathname }) => pathname === '/account/signed-in');
    const elsewhere = new URL(callback ?? world.url);
    elsewhere.searchParams.set('state', 'https://evil.example/');
    assert.equal((await visitor.open(elsewhere)).status, 400);
    assert.equal((await new Visitor().open(callback ?? world.url)).status, 400);
  });

  test('goes to the start page when the sign-in is cancelled', async () => {
    const visitor = new Visitor();
    const page = await visitor.open(`${world.url}/account`);
    const home = await visitor.click(page, /^Cancel/);
    assert.equal(home.url.href, `${world.url}/`);
  });

  test('makes codes that nobody can redeem', async () => {
    const { visitor } = await visitAccount(world, await world.addPerson());
    const start = visitor.visited.find(({ pathname }) => pathname === '/oidc/auth');
    const back = visitor.visited.find(({ pathname }) => pathname === '/account/signed-in');
    const answer = await fetch(`${world.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: accountClientId,
        code: back?.searchParams.get('code') ?? '',
        redirect_uri: `${world.url}/account/signed-in`,
        code_verifier: start?.searchParams.get('code_challenge') ?? '',
      }),
    });
    assert.equal(answer.status, 400);
  });

  test('saves a name without what would hide or reorder, also on Matrix', async () => {
    const person = await world.addPerson();
    const { visitor, page } = await visitAccount(world, person);
    const saved = await visitor.submit(page, { name: '  Grace \u202eHopper\u0000 ' });
    assert.equal(saved.value('name'), 'Grace Hopper');
    assert.match(saved.text, /Your name is saved/);
    const [job] = await world.database.query<{ key: string }>(
      'select key from graphile_worker.jobs where key = $1',
      [`update-matrix-profile:${person.id}`],
    );
    assert.ok(job);
    assert.ok((await actionsOn(world, person.id)).includes('account.profile_changed'));
  });

  test('keeps the page and says why when there is no name', async () => {
    const { visitor, page } = await visitAccount(world, await world.addPerson());
    const refused = await visitor.submit(page, { name: ' ' });
    assert.equal(refused.status, 422);
    assert.match(refused.text, /Enter your name/);
  });

  test('shows only notices that it knows', async () => {
    const { visitor } = await visitAccount(world, await world.addPerson());
    const page = await visitor.open(`${world.url}/account?notice=%3Cb%3Eyou+won`);
    assert.equal(page.status, 200);
    assert.ok(!page.has('.notice'));
  });

  test('refuses forms of other sites', async () => {
    const { visitor, page } = await visitAccount(world, await world.addPerson());
    const { url, fields } = page.fill({ name: 'Mallory' });
    for (const [name, value] of [
      ['origin', 'https://evil.example'],
      ['sec-fetch-site', 'cross-site'],
      ['sec-fetch-site', 'same-site'],
    ] as const) {
      const body = fields.toString();
      const answer = await visitor.fetch(url, { method: 'POST', body, headers: { [name]: value } });
      assert.equal(answer.status, 403);
    }
  });

  test('forgets a session that was ended, wherever its cookie is', async () => {
    const person = await world.addPerson();
    const { visitor } = await visitAccount(world, person);
    await world.database.query(
      `delete from oidc_artifacts where model = 'Session' and account_id = $1`,
      [person.id],
    );
    assert.match((await visitor.open(`${world.url}/account`)).heading, /Sign in/);
  });

  test('does not answer for another community', async () => {
    const tenant = await world.addTenant();
    const { visitor } = await visitAccount(world, await world.addPerson());
    const page = await visitor.open(`${world.url}/account?tenant=${tenant.slug}`);
    assert.equal(page.heading, 'Sign in');
    assert.match(page.title, new RegExp(tenant.slug));
    const elsewhere = await world.addPerson({ tenantId: tenant.id });
    const account = await enterPassword(visitor, page, elsewhere);
    assert.match(account.text, new RegExp(`@${elsewhere.handle}:`));
  });

  test('signs out through the provider, after asking', async () => {
    const { visitor, page } = await visitAccount(world, await world.addPerson());
    const ask = await visitor.submit(page, {}, { form: /sign-out$/ });
    assert.equal(ask.url.pathname, '/oidc/session/end');
    await visitor.submit(ask);
    assert.match((await visitor.open(`${world.url}/account`)).heading, /Sign in/);
  });

  for (const path of ['email', 'password', 'delete']) {
    test(`wants a sign-in of the last minutes for /account/${path}`, async () => {
      const person = await world.addPerson();
      const { visitor } = await visitAccount(world, person);
      const url = `${world.url}/account/${path}`;
      const page = await visitor.open(url);
      assert.equal(page.url.href, url);
      await letProofsGrowOld(world);
      const ask = await visitor.open(url);
      assert.match(ask.url.pathname, /^\/interaction\//);
      assert.equal(ask.value('email'), person.handle);
      assert.match((await visitor.submit(page)).url.pathname, /^\/interaction\//);
      const back = await enterPassword(visitor, ask, person);
      assert.equal(back.url.href, url);
    });
  }
});
