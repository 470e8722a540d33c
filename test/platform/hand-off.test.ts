import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openPlatform, type Platform, signInPage } from '../handoff/hand-off.ts';
import { Application } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { addMachine, call, tokenOf } from './api.ts';

const synapseUrl = 'https://matrix.example';
const chat = 'https://chat.example/';
const sso = `${synapseUrl}/_matrix/client/v3/login/sso/redirect?redirectUrl=${encodeURIComponent(chat)}`;
const block = {
  redirectUris: [`${synapseUrl}/_synapse/client/oidc/callback`],
  handoffTargets: [chat],
};

describe('a ticket for a hand-off', () => {
  let world: World;
  let platform: Platform;
  beforeAll(async () => {
    world = await openWorld();
    platform = await openPlatform(world);
    await world.database.query(
      `update clients set redirect_uris = $1, handoff_targets = $2 where id = 'matrix_synapse'`,
      [block.redirectUris, block.handoffTargets],
    );
  });
  afterAll(() => world.close());

  const orderFor = (name: object) => ({
    ...{ clientId: platform.app.client.id, redirectUri: signInPage },
    ...name,
  });

  test('is for a minute, by any name that the platform has for the person', async () => {
    const ann = await platform.addMember();
    await world.database.query('update accounts set platform_user_id = $2 where id = $1', [
      ann.id,
      'u42',
    ]);
    for (const name of [
      { userSlug: ann.slug },
      { platformUserId: 'u42' },
      { accountId: ann.id, tenantId: ann.tenantId },
    ]) {
      const { status, headers, body } = await platform.ask(orderFor(name));
      assert.equal(status, 201, JSON.stringify(body));
      assert.match(String(body.ticket), /^[\w-]{43}$/);
      assert.equal(body.action, `${world.url}/handoff`);
      const left = Date.parse(String(body.expiresAt)) - Date.now();
      assert.ok(left > 55_000 && left <= 61_000, String(left));
      assert.equal(headers.get('cache-control'), 'no-store');
    }
    for (const name of [{}, { userSlug: ann.slug, accountId: ann.id }, { handle: ann.handle }]) {
      assert.equal((await platform.ask(orderFor(name))).status, 400);
    }
  });

  test('needs its own scope', async () => {
    const other = await addMachine(world, { scopes: ['accounts:write'] });
    const { status } = await call(world, '/handoff', {
      token: await tokenOf(world, other),
      method: 'POST',
      body: orderFor({ accountId: randomUUID() }),
    });
    assert.equal(status, 403);
  });

  /** What changes an account so that it may not be handed over. */
  const unfit: Record<string, [number, string]> = {
    'platform_slug = null': [409, 'account_not_linked'],
    "roles = '{tenant.admin}'": [403, 'account_administrator'],
    "roles = '{member,platform.admin}'": [403, 'account_administrator'],
    "status = 'disabled'": [409, 'account_disabled'],
    "status = 'deleted'": [404, 'account_not_found'],
  };
  for (const [change, [status, code]] of Object.entries(unfit)) {
    test(`is refused for an account with ${change}`, async () => {
      const ann = await platform.addMember();
      await world.database.query(`update accounts set ${change} where id = $1`, [ann.id]);
      const answer = await platform.ask(orderFor({ accountId: ann.id }));
      assert.deepEqual([answer.status, answer.body.error], [status, code]);
    });
  }

  test('is refused for somebody unknown, without a handle, or of another tenant', async () => {
    const other = await world.addTenant();
    const foreign = await platform.addMember({ tenantId: other.id });
    for (const name of [
      { accountId: foreign.id },
      { userSlug: foreign.slug },
      { accountId: randomUUID() },
      { userSlug: 'nobody' },
    ]) {
      const { status, body } = await platform.ask(orderFor(name));
      assert.deepEqual([status, body.error], [404, 'account_not_found']);
    }
    const { status } = await platform.ask(orderFor({ userSlug: 'x', tenantId: other.id }));
    assert.equal(status, 404);
    const nameless = await platform.addMember();
    await world.database.query('delete from handles where account_id = $1', [nameless.id]);
    const { body } = await platform.ask(orderFor({ accountId: nameless.id }));
    assert.equal(body.error, 'account_without_handle');
  });

  test('is refused where the community wants two steps of everybody', async () => {
    const ann = await platform.addMember();
    const { tenantId } = ann;
    const require = (from: string) =>
      world.database.query(`update tenants set mfa_required_from = ${from} where id = $1`, [
        tenantId,
      ]);
    await require('now()');
    const refused = await platform.ask(orderFor({ accountId: ann.id }));
    assert.deepEqual([refused.status, refused.body.error], [403, 'second_factor_required']);
    await require(`now() + interval '1 day'`);
    assert.equal((await platform.ask(orderFor({ accountId: ann.id }))).status, 201);
    await require('null');
  });

  test('without Matrix access is one for other applications only', async () => {
    const ann = await platform.addMember();
    await world.database.query(`update accounts set matrix_access = 'revoked' where id = $1`, [
      ann.id,
    ]);
    const refused = await platform.ask({ userSlug: ann.slug, redirectUri: sso });
    assert.deepEqual([refused.status, refused.body.error], [403, 'matrix_access_revoked']);
    assert.equal((await platform.ask(orderFor({ userSlug: ann.slug }))).status, 201);
  });

  test('is for the homeserver unless told otherwise: the tenant’s own before that of all', async () => {
    const ann = await platform.addMember();
    const order = { userSlug: ann.slug, redirectUri: sso };
    assert.equal((await platform.ask(order)).status, 201);
    const own = { ...block, tenantIds: [world.defaultTenantId], idpId: 'own' };
    const { client } = await Application.of(world, own);
    assert.equal((await platform.ask(order)).status, 201);
    assert.deepEqual(await targets(ann.id), ['matrix_synapse', client.id]);
    const second = await Application.of(world, { ...own, idpId: 'second' });
    assert.equal((await platform.ask(order)).body.error, 'client_required');
    const named = { ...order, clientId: second.client.id };
    assert.equal((await platform.ask(named)).status, 201);
  });

  const targets = async (accountId: string) => {
    const rows = await world.database.query<{ id: string }>(
      'select client_id as id from handoff_tickets where account_id = $1 order by created_at',
      [accountId],
    );
    return rows.map(({ id }) => id);
  };

  test('is for first-party clients that nobody else can play, of the same tenant', async () => {
    const ann = await platform.addMember();
    const other = await world.addTenant();
    for (const [unlike, code] of [
      [{ firstParty: false }, 'client_not_for_handoff'],
      [{ tokenEndpointAuthMethod: 'none' }, 'client_not_for_handoff'],
      [{ tenantIds: [other.id] }, 'client_not_for_handoff'],
      [{ disabledAt: new Date() }, 'client_not_found'],
    ] as const) {
      const client = await world.addClient({ ...unlike, tenantIds: [...(unlike.tenantIds ?? [])] });
      if (unlike.disabledAt) {
        await world.database.query('update clients set disabled_at = now() where id = $1', [
          client.id,
        ]);
      }
      const order = orderFor({ userSlug: ann.slug, clientId: client.id });
      assert.equal((await platform.ask(order)).body.error, code, JSON.stringify(unlike));
    }
    for (const clientId of ['openmeet_account', platform.client.id]) {
      const order = orderFor({ userSlug: ann.slug, clientId });
      assert.equal((await platform.ask(order)).body.error, 'client_not_for_handoff', clientId);
    }
    const nowhere = orderFor({ userSlug: ann.slug, clientId: 'nobody' });
    assert.equal((await platform.ask(nowhere)).body.error, 'client_not_found');
  });

  test('is asked for a bounded number of times', async () => {
    const { token } = await openPlatform(world);
    const ask = () => call(world, '/handoff', { token, method: 'POST', body: {} });
    const statuses = new Set<number>();
    for (let batch = 0; batch < 13; batch++) {
      for (const { status } of await Promise.all(Array.from({ length: 50 }, ask))) {
        statuses.add(status);
      }
    }
    assert.deepEqual(statuses, new Set([400, 429]));
  });
});
