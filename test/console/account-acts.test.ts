import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import { admin, adminToken, allPages } from './admin.ts';

type Row = { action: string; actor: string; target: string };

let world: World;
let otherTenant: { id: string };
let all: string;
let ofDefault: string;
let reader: string;
let stranger: Person;

beforeAll(async () => {
  world = await openWorld();
  otherTenant = await world.addTenant();
  stranger = await world.addPerson({ tenantId: otherTenant.id });
  all = await adminToken(world);
  const tenantIds = [world.defaultTenantId];
  ofDefault = await adminToken(world, { allTenants: false, tenantIds });
  reader = await adminToken(world, { scope: 'admin:read' });
});
afterAll(() => world.close());

const change = (id: string, body: object, token = all, headers = {}) =>
  admin(world, `/accounts/${id}`, { method: 'PATCH', token, body, headers });

const actionsOn = async (id: string) => {
  const rows = await allPages<Row>(world, `/audit?target=${id}&sort=at`, all);
  return rows.map(({ action }) => action);
};

describe('an account is changed', () => {
  test('in all that the request names, with an audit row for each act', async () => {
    const { id } = await world.addPerson();
    const { status, body } = await change(id, {
      ...{ name: 'Ada L.', roles: ['editor'], groups: ['Chess'] },
      ...{ matrixAccess: 'revoked', status: 'disabled' },
    });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(
      [body.name, body.roles, body.groups, body.matrixAccess, body.status],
      ['Ada L.', ['editor'], ['Chess'], 'revoked', 'disabled'],
    );
    assert.deepEqual(await actionsOn(id), [
      ...['account.profile_changed', 'account.roles_set', 'account.groups_set'],
      ...['account.matrix_revoked', 'account.disabled'],
    ]);
  });

  test('in all of it or nothing', async () => {
    const { id, name } = await world.addPerson();
    const { status, body } = await change(id, { name: 'New', roles: ['Not A Role'] });
    assert.deepEqual([status, body.error], [400, 'role_invalid']);
    const after = await admin(world, `/accounts/${id}`, { token: all });
    assert.equal(after.body.name, name);
    assert.deepEqual(await actionsOn(id), []);
  });

  test('says nothing in the audit where it is so already', async () => {
    const { id, name } = await world.addPerson();
    const { status } = await change(id, { name, status: 'active', matrixAccess: 'active' });
    assert.equal(status, 200);
    assert.deepEqual(await actionsOn(id), []);
  });

  test('not after it became something else than what was looked at', async () => {
    const { id } = await world.addPerson();
    const seen = (await admin(world, `/accounts/${id}`, { token: all })).headers.get('etag') ?? '';
    const first = await change(id, { name: 'First' }, all, { 'if-match': seen });
    assert.equal(first.status, 200);
    const second = await change(id, { name: 'Second' }, all, { 'if-match': seen });
    assert.deepEqual([second.status, second.body.error], [412, 'precondition_failed']);
    const tag = first.headers.get('etag') ?? '';
    const [one, other] = await Promise.all([
      change(id, { name: 'One' }, all, { 'if-match': tag }),
      change(id, { name: 'Other' }, all, { 'if-match': tag }),
    ]);
    assert.deepEqual([one.status, other.status].sort(), [200, 412]);
  });

  test('is deleted once, and its id is told', async () => {
    const { id } = await world.addPerson();
    const remove = () => admin(world, `/accounts/${id}`, { method: 'DELETE', token: all });
    const [one, other] = await Promise.all([remove(), remove()]);
    assert.deepEqual([one.status, other.status].sort(), [200, 404]);
    assert.equal((await admin(world, `/accounts/${id}`, { token: all })).status, 404);
  });

  test('is signed out everywhere', async () => {
    const { id } = await world.addPerson();
    const { status } = await admin(world, `/accounts/${id}/sign-out`, {
      method: 'POST',
      token: all,
    });
    assert.equal(status, 200);
    assert.deepEqual(await actionsOn(id), ['account.signed_out']);
  });
});

describe('nobody goes beyond their authority', () => {
  test('neither by reading only, nor into another tenant', async () => {
    const { id } = await world.addPerson();
    const readOnly = await change(id, { name: 'X' }, reader);
    assert.deepEqual([readOnly.status, readOnly.body.error], [403, 'insufficient_scope']);
    for (const act of [
      change(stranger.id, { status: 'disabled' }, ofDefault),
      admin(world, `/accounts/${stranger.id}`, { method: 'DELETE', token: ofDefault }),
      admin(world, `/accounts/${stranger.id}/sign-out`, { method: 'POST', token: ofDefault }),
    ]) {
      const { status, body } = await act;
      assert.deepEqual([status, body.error], [404, 'account_not_found']);
    }
    assert.deepEqual(await actionsOn(stranger.id), []);
  });

  test('nor by giving, or taking, a role above their own', async () => {
    const { id } = await world.addPerson();
    for (const role of ['platform.admin', 'platform.auditor', 'tenant.admin']) {
      const { status, body } = await change(id, { roles: [role] }, ofDefault);
      assert.deepEqual([status, body.error], [403, 'role_beyond_authority'], role);
    }
    assert.equal((await change(id, { roles: ['tenant.auditor'] }, ofDefault)).status, 200);
    assert.equal((await change(id, { roles: ['tenant.admin'] }, all)).status, 200);
    const taken = await change(id, { roles: [] }, ofDefault);
    assert.deepEqual([taken.status, taken.body.error], [403, 'role_beyond_authority']);
  });

  test('nor over an administrator of the platform who lives in their tenant', async () => {
    const { id } = await world.addPerson();
    assert.equal((await change(id, { roles: ['platform.admin'] }, all)).status, 200);
    for (const act of [
      change(id, { name: 'X' }, ofDefault),
      change(id, { status: 'disabled' }, ofDefault),
      admin(world, `/accounts/${id}`, { method: 'DELETE', token: ofDefault }),
      admin(world, `/accounts/${id}/sign-out`, { method: 'POST', token: ofDefault }),
    ]) {
      const { status, body } = await act;
      assert.deepEqual([status, body.error], [403, 'account_administrator']);
    }
  });

  test('nor by giving access to Matrix back that the operator took away', async () => {
    const { id } = await world.addPerson();
    assert.equal((await change(id, { matrixAccess: 'revoked' }, ofDefault)).status, 200);
    assert.equal((await change(id, { matrixAccess: 'active' }, ofDefault)).status, 200);
    assert.equal((await change(id, { matrixAccess: 'revoked' }, all)).status, 200);
    const { status, body } = await change(id, { matrixAccess: 'active' }, ofDefault);
    assert.deepEqual([status, body.error], [403, 'revoked_by_operator']);
    assert.equal((await change(id, { matrixAccess: 'active' }, all)).status, 200);
  });

  test('nor by what the audit tells of another tenant', async () => {
    const { id } = stranger;
    assert.equal((await change(id, { name: 'Seen by all' }, all)).status, 200);
    const rows = await allPages<Row>(world, `/audit?limit=3`, ofDefault);
    assert.ok(rows.length > 0);
    assert.ok(rows.every(({ target }) => target !== id));
    assert.deepEqual(await allPages(world, `/audit?target=${id}`, ofDefault), []);
    assert.deepEqual(await allPages(world, `/audit?tenantId=${otherTenant.id}`, ofDefault), []);
    const tenants = await allPages<{ id: string }>(world, '/tenants', ofDefault);
    assert.deepEqual(
      tenants.map((tenant) => tenant.id),
      [world.defaultTenantId],
    );
    assert.equal(
      (await admin(world, `/tenants/${otherTenant.id}`, { token: ofDefault })).status,
      404,
    );
  });
});
