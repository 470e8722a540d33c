import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openWorld, type World } from '../oidc/world.ts';
import { askToken } from '../platform/api.ts';
import { until } from '../support/until.ts';
import { admin, adminToken, allPages } from './admin.ts';

let world: World;
let other: { id: string; slug: string };
let own: { id: string; slug: string };
let all: string;
let ofOwn: string;

beforeAll(async () => {
  world = await openWorld();
  other = await world.addTenant();
  own = await world.addTenant();
  all = await adminToken(world);
  ofOwn = await adminToken(world, { allTenants: false, tenantIds: [own.id] });
});
afterAll(() => world.close());

const post = (path: string, body: object | undefined, token = all) =>
  admin(world, path, { method: 'POST', token, body });
const patch = (path: string, body: object, token = all) =>
  admin(world, path, { method: 'PATCH', token, body });

const chat = (id: string, more: object = {}) => ({
  id,
  tenants: [own.slug],
  redirectUris: ['https://chat.example/callback'],
  ...more,
});

describe('an application', () => {
  test('is added with a secret that is shown once and works', async () => {
    const machine = {
      id: 'reports',
      grantTypes: ['client_credentials'],
      scopes: ['accounts:read'],
      allTenants: true,
    };
    const { status, body } = await post('/clients', machine);
    assert.equal(status, 201, JSON.stringify(body));
    const secret = body.secret as string;
    const client = { ...(body as object), secret } as never;
    assert.equal((await askToken(world, client)).status, 200);
    const seen = await admin(world, '/clients/reports', { token: all });
    assert.ok(!JSON.stringify(seen.body).includes(secret));
    assert.equal('secretHash' in seen.body, false);
    const renewed = await post('/clients/reports/secret', undefined);
    assert.notEqual(renewed.body.secret, secret);
    await until(async () => (await askToken(world, client)).status === 401, {
      what: 'the old secret to stop working',
    });
  });

  test('is changed, disabled and removed', async () => {
    assert.equal((await post('/clients', chat('chat'))).status, 201);
    const changed = await patch('/clients/chat', {
      redirectUris: ['https://chat.example/other'],
      postLogoutRedirectUris: ['https://chat.example/bye'],
      disabled: true,
    });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.deepEqual(changed.body.redirectUris, ['https://chat.example/other']);
    assert.ok(changed.body.disabledAt);
    const odd = await patch('/clients/chat', { redirectUris: ['javascript:alert(1)'] });
    assert.deepEqual([odd.status, odd.body.error], [400, 'redirect_uri_invalid']);
    const gone = await admin(world, '/clients/chat', { method: 'DELETE', token: all });
    assert.equal(gone.status, 200);
    assert.equal((await admin(world, '/clients/chat', { token: all })).status, 404);
  });

  test('that is a part of this service cannot be removed or changed', async () => {
    for (const id of ['openmeet_account', 'matrix_synapse']) {
      const { status, body } = await admin(world, `/clients/${id}`, {
        method: 'DELETE',
        token: all,
      });
      assert.deepEqual([status, body.error], [409, 'client_built_in']);
    }
  });

  test('may not hold a private key', async () => {
    const jwks = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }] };
    const { status, body } = await post('/clients', {
      ...chat('keys'),
      tokenEndpointAuthMethod: 'private_key_jwt',
      jwks,
    });
    assert.deepEqual([status, body.error], [400, 'jwks_invalid']);
  });
});

describe('who administers one tenant', () => {
  test('has applications for it, which ask people for their consent', async () => {
    const { status, body } = await post('/clients', chat('own-chat'), ofOwn);
    assert.equal(status, 201, JSON.stringify(body));
    const seen = await allPages<{ id: string }>(world, '/clients', ofOwn);
    assert.ok(seen.some(({ id }) => id === 'own-chat'));
    assert.ok(!seen.some(({ id }) => id === 'matrix_synapse'));
  });

  test('has none that is trusted, that asks for itself, or that serves others', async () => {
    const refused: [object, number, string][] = [
      [{ firstParty: true }, 403, 'administration_limited'],
      [{ idpId: 'another' }, 403, 'administration_limited'],
      [{ handoffOrigins: ['https://chat.example'] }, 403, 'administration_limited'],
      [{ tenants: [other.slug] }, 404, 'tenant_not_found'],
      [{ tenants: [own.slug, other.id] }, 404, 'tenant_not_found'],
      [{ tenants: undefined }, 403, 'administration_limited'],
      [{ tenants: [] }, 403, 'administration_limited'],
      [
        {
          ...{ redirectUris: [], grantTypes: ['client_credentials'] },
          scopes: ['admin:write'],
        },
        ...([403, 'administration_limited'] as const),
      ],
    ];
    for (const [more, status, error] of refused) {
      const answer = await post('/clients', chat('more', more), ofOwn);
      assert.deepEqual([answer.status, answer.body.error], [status, error], JSON.stringify(more));
    }
  });

  test('touches no application that serves others too', async () => {
    assert.equal(
      (await post('/clients', chat('both', { tenants: [own.slug, other.slug] }))).status,
      201,
    );
    for (const id of ['both', 'matrix_synapse', 'openmeet_account']) {
      for (const answer of [
        await admin(world, `/clients/${id}`, { token: ofOwn }),
        await patch(`/clients/${id}`, { disabled: true }, ofOwn),
        await post(`/clients/${id}/secret`, undefined, ofOwn),
      ]) {
        assert.deepEqual([answer.status, answer.body.error], [404, 'client_not_found'], id);
      }
    }
  });

  test('cannot make one of theirs more than it is', async () => {
    assert.equal((await post('/clients', chat('modest'), ofOwn)).status, 201);
    const { status, body } = await patch(
      '/clients/modest',
      { handoffOrigins: ['https://chat.example'] },
      ofOwn,
    );
    assert.deepEqual([status, body.error], [403, 'administration_limited']);
    const redirectUris = ['https://chat.example/other'];
    const half = await patch(
      '/clients/modest',
      { redirectUris, handoffTargets: ['https://chat.example/'] },
      ofOwn,
    );
    assert.equal(half.status, 403);
    const seen = await admin(world, '/clients/modest', { token: ofOwn });
    assert.notDeepEqual(seen.body.redirectUris, redirectUris);
  });
});
