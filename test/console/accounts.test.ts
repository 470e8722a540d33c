import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import { addMachine, askToken, call, tokenOf } from '../platform/api.ts';
import { admin, adminToken, allPages } from './admin.ts';

type Shown = { id: string; name: string; handle: string; tenantId: string; createdAt: string };

let world: World;
let other: { id: string };
let people: Person[];
let stranger: Person;
let all: string;
let ofDefault: string;

beforeAll(async () => {
  world = await openWorld();
  other = await world.addTenant();
  people = [];
  for (const name of ['Zoe Ash', 'anna Berg', 'Mia 100%', 'Max_1', 'Bo']) {
    people.push(await world.addPerson({ name }));
  }
  stranger = await world.addPerson({ name: 'Anna Fremd', tenantId: other.id });
  all = await adminToken(world);
  ofDefault = await adminToken(world, { allTenants: false, tenantIds: [world.defaultTenantId] });
});
afterAll(() => world.close());

const list = async (query: string, token = all) => {
  const { status, body } = await admin(world, `/accounts?${query}`, { token });
  assert.equal(status, 200, JSON.stringify(body));
  return (body.items as Shown[]).map(({ name }) => name);
};

describe('the list of people', () => {
  test('comes page by page, each person once, in the order asked for', async () => {
    const newest = await allPages<Shown>(world, '/accounts?limit=2', all);
    assert.equal(newest.length, 6);
    const times = newest.map(({ createdAt }) => createdAt);
    assert.deepEqual(times, [...times].sort().reverse());
    const named = await allPages<Shown>(world, '/accounts?limit=2&sort=name', all);
    assert.deepEqual(
      named.map(({ name }) => name),
      ['anna Berg', 'Anna Fremd', 'Bo', 'Max_1', 'Mia 100%', 'Zoe Ash'],
    );
  });

  test('is found by the beginning of a name or handle, by a whole address, Matrix address or id', async () => {
    const [zoe] = people as [Person];
    assert.deepEqual((await list('search=ANNA&sort=name')).length, 2);
    assert.deepEqual(await list('search=Mia%20100%25'), ['Mia 100%']);
    assert.deepEqual(await list('search=Ma%'.replace('%', '%25')), []);
    assert.deepEqual(await list(`search=${encodeURIComponent(zoe.email)}`), ['Zoe Ash']);
    assert.deepEqual(await list(`search=${zoe.handle}`), ['Zoe Ash']);
    assert.deepEqual(await list(`search=%40${zoe.handle}%3Amatrix.example`), ['Zoe Ash']);
    assert.deepEqual(await list(`search=${zoe.id}`), ['Zoe Ash']);
    assert.deepEqual(await list('search=%25'), []);
  });

  test('is filtered by tenant, state and role', async () => {
    assert.deepEqual(await list(`tenantId=${other.id}`), ['Anna Fremd']);
    assert.deepEqual(await list('status=disabled'), []);
    assert.deepEqual(await list('role=platform.admin'), []);
  });

  test('refuses a mark of another order, and one that nobody gave', async () => {
    const { body } = await admin(world, '/accounts?limit=2&sort=name', { token: all });
    const forged = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    for (const after of [
      body.next as string,
      'x',
      forged(['-createdAt', 'yesterday-ish', stranger.id]),
      forged(['-createdAt', '2026-01-01', 'no-uuid']),
      forged(['-createdAt', "'; drop table accounts", 'x']),
    ]) {
      const answer = await admin(world, `/accounts?after=${after}`, { token: all });
      assert.deepEqual([answer.status, answer.body.error], [400, 'cursor_invalid'], after);
    }
    const sorted = await admin(world, '/accounts?sort=password_hash', { token: all });
    assert.deepEqual([sorted.status, sorted.body.error], [400, 'input_invalid']);
  });
});

describe('a program of one tenant', () => {
  test('sees nobody of another, whatever it asks for', async () => {
    assert.equal((await list('', ofDefault)).length, 5);
    assert.deepEqual(await list(`tenantId=${other.id}`, ofDefault), []);
    assert.deepEqual(await list(`search=${stranger.id}`, ofDefault), []);
    assert.deepEqual(await list(`search=${stranger.handle}`, ofDefault), []);
    const { status, body } = await admin(world, `/accounts/${stranger.id}`, { token: ofDefault });
    assert.deepEqual([status, body.error], [404, 'account_not_found']);
  });

  test('is told of its own people what it may know, and no hash of anything', async () => {
    const [zoe] = people as [Person];
    const { status, headers, body } = await admin(world, `/accounts/${zoe.id}`, {
      token: ofDefault,
    });
    assert.equal(status, 200);
    assert.match(headers.get('etag') ?? '', /^"[\w-]+"$/);
    assert.equal(body.matrixId, `@${zoe.handle}:matrix.example`);
    assert.equal(body.hasPassword, true);
    assert.ok(!JSON.stringify(body).includes('argon2'));
  });
});

describe('the door', () => {
  test('is shut to nobody, to other tokens, and to those without the scope', async () => {
    const nobody = await admin(world, '/accounts');
    assert.deepEqual([nobody.status, nobody.body.error], [401, 'token_missing']);
    const platform = await tokenOf(world, await addMachine(world, {}));
    const foreign = await admin(world, '/accounts', { token: platform });
    assert.deepEqual([foreign.status, foreign.body.error], [401, 'invalid_token']);
    const writer = await adminToken(world, { scopes: ['admin:write'] });
    const blind = await admin(world, '/accounts', { token: writer });
    assert.deepEqual([blind.status, blind.body.error], [403, 'insufficient_scope']);
  });

  test('of the platforms is shut to a token of administrators', async () => {
    const { status } = await call(world, `/accounts/${stranger.id}`, { token: all });
    assert.equal(status, 401);
  });

  test('gives no scope that the client was not given, and none of two APIs in one token', async () => {
    const client = await addMachine(world, { scopes: ['admin:read', 'accounts:read'] });
    const more = await askToken(world, client, { scope: 'admin:read admin:write' });
    assert.deepEqual([more.status, more.body.error], [400, 'invalid_scope']);
    const both = await askToken(world, client, { scope: 'admin:read accounts:read' });
    assert.deepEqual([both.status, both.body.error], [400, 'invalid_scope']);
    const resource = `${world.url}/admin/api/v1`;
    const named = await askToken(world, client, { resource });
    assert.deepEqual([named.status, named.body.scope], [200, 'admin:read']);
  });
});
