import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openWorld, type World } from '../oidc/world.ts';
import { addMachine, call, tokenOf } from './api.ts';

let world: World;
/** Of a client of the default tenant, of one of both tenants, and of one of all. */
let token: string;
let both: string;
let all: string;
let other: { id: string; slug: string };

beforeAll(async () => {
  world = await openWorld();
  other = await world.addTenant({ domain: 'other.example' });
  token = await tokenOf(world, await addMachine(world, { tenantIds: [world.defaultTenantId] }));
  const tenantIds = [world.defaultTenantId, other.id];
  both = await tokenOf(world, await addMachine(world, { tenantIds }));
  all = await tokenOf(world, await addMachine(world));
});
afterAll(() => world.close());

const put = (id: string, body: unknown, by = token) =>
  call(world, `/accounts/${id}/platform`, { token: by, method: 'PUT', body });

describe('an account', () => {
  test('is shown by id with what the platform needs, and no more', async () => {
    const person = await world.addPerson();
    const { status, headers, body } = await call(world, `/accounts/${person.id}`, { token });
    assert.equal(status, 200);
    assert.equal(headers.get('cache-control'), 'no-store');
    const { createdAt, updatedAt, ...rest } = body;
    assert.ok(Date.parse(String(createdAt)) <= Date.parse(String(updatedAt)));
    assert.deepEqual(rest, {
      id: person.id,
      tenantId: world.defaultTenantId,
      status: 'active',
      name: 'Ada Lovelace',
      email: person.email,
      emailVerified: true,
      picture: null,
      locale: 'en',
      handle: person.handle,
      matrixId: `@${person.handle}:matrix.example`,
      matrixAccess: 'active',
      platformUserId: null,
      platformSlug: null,
      roles: [],
      groups: [],
    });
  });

  test('of another tenant, unknown, or deleted: the same 404', async () => {
    const foreign = await world.addPerson({ tenantId: other.id });
    const gone = await world.addPerson();
    await world.database.query(`update accounts set status = 'deleted' where id = $1`, [gone.id]);
    for (const id of [foreign.id, gone.id, randomUUID()]) {
      const read = await call(world, `/accounts/${id}`, { token });
      assert.deepEqual([read.status, read.body.error], [404, 'account_not_found'], id);
      const written = await put(id, { platformUserId: 'x', platformSlug: null });
      assert.deepEqual([written.status, written.body.error], [404, 'account_not_found'], id);
    }
    assert.equal((await call(world, '/accounts/nobody', { token })).status, 400);
  });

  test('is given its names on the platform, once, with an audit row', async () => {
    const { id } = await world.addPerson();
    const names = { platformUserId: 'u-1', platformSlug: 'ada' };
    for (const _ of [1, 2]) {
      const { status, body } = await put(id, names);
      assert.equal(status, 200);
      assert.deepEqual([body.platformUserId, body.platformSlug], ['u-1', 'ada']);
    }
    const rows = await world.database.query<Record<string, unknown>>(
      `select actor = client_id as own, tenant_id, outcome, address, detail from audit
        where target = $1 and action = 'account.platform_identity_set'`,
      [id],
    );
    assert.deepEqual(rows, [
      {
        own: true,
        tenant_id: world.defaultTenantId,
        outcome: 'success',
        address: '127.0.0.1',
        detail: { platformUserId: 'u-1' },
      },
    ]);
    const cleared = await put(id, { platformUserId: null, platformSlug: null });
    assert.equal(cleared.body.platformUserId, null);
  });

  test("does not get another's names of its tenant; other tenants have their own", async () => {
    const [first, second] = [await world.addPerson(), await world.addPerson()];
    const foreign = await world.addPerson({ tenantId: other.id });
    const names = { platformUserId: 'u-2', platformSlug: 'grace' };
    assert.equal((await put(first.id, names)).status, 200);
    const user = await put(second.id, { platformUserId: 'u-2', platformSlug: null });
    assert.deepEqual([user.status, user.body.error], [409, 'platform_user_taken']);
    const slug = await put(second.id, { platformUserId: null, platformSlug: 'grace' });
    assert.deepEqual([slug.status, slug.body.error], [409, 'platform_slug_taken']);
    assert.equal((await put(foreign.id, { ...names, tenantId: other.id }, both)).status, 200);
  });

  test('changes in nothing but what the document names', async () => {
    const { id } = await world.addPerson();
    const names = { platformUserId: 'u-3', platformSlug: null };
    const bad = [
      { ...names, roles: ['admin'] },
      { ...names, email: 'a@b.example' },
      { platformUserId: 'u-3' },
      { platformUserId: 7, platformSlug: null },
      { platformUserId: 'a\u202eb', platformSlug: null },
      { platformUserId: 'x'.repeat(256), platformSlug: null },
      [],
      null,
    ];
    for (const body of bad) {
      const answer = await put(id, body);
      assert.deepEqual([answer.status, answer.body.error], [400, 'input_invalid'], `${body}`);
    }
    const nul = await put(id, { platformUserId: 'a\u0000b', platformSlug: null });
    assert.deepEqual([nul.status, nul.body.error], [400, 'body_malformed']);
    assert.equal((await put(id, 'x'.repeat(40_000))).status, 413);
    const form = await fetch(`${world.url}/internal/accounts/${id}/platform`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: new URLSearchParams({ platformUserId: 'u-3' }),
    });
    assert.equal(form.status, 415);
  });
});

describe('accounts are found', () => {
  test('by platform user id, by platform slug and by handle in any case', async () => {
    const person = await world.addPerson();
    await put(person.id, { platformUserId: 'user 4/ä', platformSlug: 'lin' });
    const filters: [string, string][] = [
      ['platformUserId', 'user 4/ä'],
      ['platformSlug', 'lin'],
      ['handle', person.handle.toUpperCase()],
    ];
    for (const filter of filters) {
      const { body } = await call(world, `/accounts?${new URLSearchParams([filter])}`, { token });
      assert.deepEqual(
        (body.accounts as { id: string }[]).map(({ id }) => id),
        [person.id],
        filter[0],
      );
    }
  });

  test('in no other tenant', async () => {
    const foreign = await world.addPerson({ tenantId: other.id });
    const query = `/accounts?handle=${foreign.handle}`;
    assert.deepEqual((await call(world, query, { token })).body, { accounts: [] });
    const own = await call(world, `${query}&tenant=${other.slug}`, { token: both });
    assert.equal((own.body.accounts as unknown[]).length, 1);
  });

  test('by exactly one filter that is known', async () => {
    for (const query of ['', '?handle=a&platformSlug=b', '?email=a', '?handle=a&handle=b']) {
      const { status, body } = await call(world, `/accounts${query}`, { token });
      assert.deepEqual([status, body.error], [400, 'input_invalid'], query);
    }
  });
});

test('bytes that are no text are refused, not stumbled over', async () => {
  const paths = [
    '/accounts?handle=a%00b',
    '/accounts?platformSlug=%ff%fe',
    '/accounts/%00',
    '/handles/%00',
    '/handles/%ff',
    '/handles/somebody?tenant=%00',
  ];
  for (const path of paths) {
    const { status } = await call(world, path, { token });
    assert.ok(status < 500, `${path}: ${status}`);
  }
});

describe('the tenant of a request', () => {
  const ask = (query: string, by: string) =>
    call(world, `/handles/somebody${query}`, { token: by });

  test('is that of the client, where it serves one', async () => {
    assert.equal((await ask('', token)).status, 200);
    assert.equal((await ask(`?tenantId=${world.defaultTenantId}`, token)).status, 200);
    assert.equal((await ask('?tenant=default', token)).status, 200);
  });

  test('must be named, where the client serves several or all', async () => {
    for (const by of [both, all]) {
      const { status, body } = await ask('', by);
      assert.deepEqual([status, body.error], [400, 'tenant_required']);
      for (const name of [other.slug, other.id, 'other.example']) {
        assert.equal((await ask(`?tenant=${name}`, by)).status, 200, name);
      }
    }
  });

  test('is not found where the client does not serve it, or it is suspended', async () => {
    const suspended = await world.addTenant();
    await world.database.query(`update tenants set status = 'suspended' where id = $1`, [
      suspended.id,
    ]);
    const tries: [string, string][] = [
      [`?tenantId=${other.id}`, token],
      [`?tenant=${other.slug}`, token],
      ['?tenant=nobody', all],
      [`?tenant=${suspended.slug}`, all],
    ];
    for (const [query, by] of tries) {
      const { status, body } = await ask(query, by);
      assert.deepEqual([status, body.error], [404, 'tenant_not_found'], query);
    }
  });

  test('is the same in the query and in the body', async () => {
    const { id } = await world.addPerson({ tenantId: other.id });
    const body = { platformUserId: null, platformSlug: null, tenantId: other.id };
    const path = `/accounts/${id}/platform?tenant=default`;
    const answer = await call(world, path, { token: all, method: 'PUT', body });
    assert.deepEqual([answer.status, answer.body.error], [400, 'tenant_conflict']);
    const bound = await put(id, body, token);
    assert.deepEqual([bound.status, bound.body.error], [404, 'tenant_not_found']);
  });

  test('is no longer served once the operator takes it away, with tokens made before', async () => {
    const client = await addMachine(world, { tenantIds: [world.defaultTenantId, other.id] });
    const made = await tokenOf(world, client);
    assert.equal((await ask(`?tenant=${other.slug}`, made)).status, 200);
    await world.database.query(
      'delete from client_tenants where client_id = $1 and tenant_id = $2',
      [client.id, other.id],
    );
    assert.equal((await ask(`?tenant=${other.slug}`, made)).status, 404);
  });
});
