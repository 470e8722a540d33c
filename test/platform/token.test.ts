import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { setDisabled } from '../../src/clients/clients.store.ts';
import { Application, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { addMachine, askToken, call, tokenOf } from './api.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const path = '/handles/somebody';

describe('a token by client credentials', () => {
  test('opens the internal API for its own scopes, for ten minutes', async () => {
    const client = await addMachine(world, { tenantIds: [world.defaultTenantId] });
    const { status, body } = await askToken(world, client, { scope: 'handles:read' });
    assert.equal(status, 200);
    assert.deepEqual(
      { ...body, access_token: undefined },
      { access_token: undefined, expires_in: 600, scope: 'handles:read', token_type: 'Bearer' },
    );
    const token = body.access_token as string;
    assert.equal((await call(world, path, { token })).status, 200);
    const refused = await call(world, '/accounts?handle=somebody', { token });
    assert.equal(refused.status, 403);
    assert.equal(refused.body.error, 'insufficient_scope');
    assert.match(
      refused.headers.get('www-authenticate') ?? '',
      /^Bearer realm="internal", error="insufficient_scope", .*scope="accounts:read"$/,
    );
  });

  test('has all scopes that the client was given when none is asked for', async () => {
    const client = await addMachine(world, { scopes: ['accounts:read', 'handles:read'] });
    const { body } = await askToken(world, client);
    assert.equal(body.scope, 'accounts:read handles:read');
  });

  test('is refused for scopes beyond those, and for those of sign-ins', async () => {
    const client = await addMachine(world, { scopes: ['handles:read'] });
    for (const scope of ['handles:read accounts:write', 'openid', 'handles:read openid', 'x']) {
      const { status, body } = await askToken(world, client, { scope });
      assert.deepEqual([status, body.error], [400, 'invalid_scope'], scope);
    }
    const powerless = await addMachine(world, { scopes: [] });
    assert.equal((await askToken(world, powerless)).body.error, 'invalid_scope');
  });

  test('is made out to the internal API and nothing else', async () => {
    const client = await addMachine(world);
    const named = await askToken(world, client, { resource: `${world.url}/internal` });
    assert.equal(named.status, 200);
    for (const resource of [`${world.url}/internal/`, `${world.url}/oidc`, 'https://a.example/']) {
      const { status, body } = await askToken(world, client, { resource });
      assert.deepEqual([status, body.error], [400, 'invalid_target'], resource);
    }
  });

  test('is not for clients without that grant, nor for wrong secrets', async () => {
    const application = await world.addClient({ scopes: ['openid', 'handles:read'] });
    const { status, body } = await askToken(world, application, { scope: 'handles:read' });
    assert.equal(status, 400);
    assert.match(String(body.error), /^(invalid_request|unauthorized_client)$/);
    const client = await addMachine(world);
    const wrong = await askToken(world, { ...client, secret: 'wrong' });
    assert.deepEqual([wrong.status, wrong.body.error], [401, 'invalid_client']);
  });

  test('is worth nothing at userinfo', async () => {
    const token = await tokenOf(world, await addMachine(world));
    const { status } = await fetch(`${world.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(status, 401);
  });

  test('is in the database as an HMAC only', async () => {
    const token = await tokenOf(world, await addMachine(world));
    const rows = await world.database.query<{ row: string }>(
      `select row_to_json(a)::text as row from oidc_artifacts a where model = 'ClientCredentials'`,
    );
    assert.ok(rows.length > 0);
    for (const { row } of rows) assert.ok(!row.includes(token));
  });
});

describe('the internal API refuses', () => {
  const refusals: [string, string | undefined, string][] = [
    ['no token', undefined, 'token_missing'],
    ['an unknown token', 'Bearer abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG', 'invalid_token'],
    ['a malformed token', 'Bearer a b', 'invalid_token'],
    ['another scheme', 'Basic YTpi', 'invalid_token'],
  ];
  for (const [what, authorization, code] of refusals) {
    test(what, async () => {
      const response = await fetch(`${world.url}/internal${path}`, {
        headers: authorization ? { authorization } : {},
      });
      const body = (await response.json()) as Record<string, unknown>;
      assert.deepEqual([response.status, body.error], [401, code]);
      const header = response.headers.get('www-authenticate') ?? '';
      assert.equal(header.includes('error='), code !== 'token_missing', header);
      assert.match(header, /^Bearer realm="internal"/);
      assert.equal(body.request_id, response.headers.get('x-request-id'));
    });
  }

  test('a token in the query or the body', async () => {
    const token = await tokenOf(world, await addMachine(world));
    assert.equal((await call(world, `${path}?access_token=${token}`)).status, 401);
  });

  test("a person's access token, also one of a client that has both grants", async () => {
    const person = await world.addPerson();
    const application = await Application.of(world, {
      grantTypes: ['authorization_code', 'client_credentials'],
      scopes: ['openid', 'profile', 'email', 'tenant', 'handles:read'],
    });
    const tokens = await application.signIn(newVisitor(), person);
    const answer = await call(world, path, { token: tokens.access_token });
    assert.deepEqual([answer.status, answer.body.error], [401, 'invalid_token']);
    const machine = await tokenOf(world, application.client);
    assert.equal((await call(world, `${path}?tenant=default`, { token: machine })).status, 200);
  });

  test('a sign-in that asks for a token made out to it', async () => {
    const application = await Application.of(world, {
      grantTypes: ['authorization_code', 'client_credentials'],
      scopes: ['openid', 'handles:read'],
    });
    const { url } = await application.request({
      scope: 'openid',
      resource: `${world.url}/internal`,
    });
    const page = await newVisitor().open(url);
    assert.equal(page.url.searchParams.get('error'), 'invalid_target');
  });

  test('the token of a disabled client, at once', async () => {
    const client = await addMachine(world, { tenantIds: [world.defaultTenantId] });
    const token = await tokenOf(world, client);
    assert.equal((await call(world, path, { token })).status, 200);
    await world.database.transaction((tx) => setDisabled(tx, client.id, true));
    assert.equal((await call(world, path, { token })).status, 401);
  });

  test('a scope that was taken from the client after the token was made', async () => {
    const client = await addMachine(world, { tenantIds: [world.defaultTenantId] });
    const token = await tokenOf(world, client);
    await world.database.query('update clients set scopes = $2 where id = $1', [
      client.id,
      ['accounts:read'],
    ]);
    assert.equal((await call(world, path, { token })).body.error, 'insufficient_scope');
  });

  test('an expired and a revoked token', async () => {
    const client = await addMachine(world, { tenantIds: [world.defaultTenantId] });
    const expired = await tokenOf(world, client);
    await world.database.query(
      `update oidc_artifacts set payload = payload || jsonb_build_object('exp',
        extract(epoch from now())::bigint - 60) where client_id = $1`,
      [client.id],
    );
    assert.equal((await call(world, path, { token: expired })).body.error, 'invalid_token');
    const revoked = await tokenOf(world, client);
    const credentials = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
    const { status } = await fetch(`${world.issuer}/revocation`, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ token: revoked }),
    });
    assert.equal(status, 200);
    assert.equal((await call(world, path, { token: revoked })).body.error, 'invalid_token');
  });
});
