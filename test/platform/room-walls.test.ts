import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { settle } from '../entities/rows.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { openPlatform, type Platform, pathOf, type RoomRecord } from './room-platform.ts';

let world: World;
let other: { id: string; slug: string };
/** Of the default tenant; of another; of both. */
let ours: Platform;
let theirs: Platform;
let both: Platform;

const roomId = '!theirs:matrix.example';
const inTheirs = encodeURIComponent(roomId);

beforeAll(async () => {
  world = await openWorld();
  other = await world.addTenant();
  ours = await openPlatform(world);
  theirs = await openPlatform(world, { tenantIds: [other.id] });
  both = await openPlatform(world, { tenantIds: [world.defaultTenantId, other.id] });
  await theirs.tell('secret', { entityType: 'workspace', name: 'Secret' });
  await settle(world.database, roomId, 'secret');
});
afterAll(() => world.close());

/** All that another tenant's room could be changed by. */
async function theirState(): Promise<unknown> {
  return world.database.query(
    `select entities.*, to_jsonb(matrix_rooms) as room,
        (select json_agg(m order by member) from memberships m where room = id) as members
      from entities join matrix_rooms on entity = entities.id where tenant_id = $1 order by id`,
    [other.id],
  );
}

describe('a room of another tenant', () => {
  const path = pathOf('secret', 'workspace');

  test('is not there: by slug, by id, or named outright', async () => {
    const before = await theirState();
    const level = { roomId, userSlug: 'ada', powerLevel: 0 };
    const tries: [string, string, unknown?][] = [
      ['GET', path],
      ['GET', `/matrix/rooms/${inTheirs}`],
      ['GET', `${path}/members`],
      ['PATCH', path, { name: 'Ours now' }],
      ['DELETE', `${path}?purge=true`],
      ['POST', `${path}/sync`],
      ['DELETE', `${path}/members/ada`],
      ['POST', '/matrix/permissions', level],
    ];
    for (const [method, url, body] of tries) {
      const refused = await ours.refusal(method, url, body);
      assert.deepEqual(refused, [404, 'room_not_found'], `${method} ${url}`);
      const query = `${url}${url.includes('?') ? '&' : '?'}tenantId=${other.id}`;
      const named = await ours.refusal(method, query, body);
      assert.deepEqual(named, [404, 'tenant_not_found'], `${method} ${query}`);
    }
    const there = { tenantId: other.id };
    for (const [url, body] of [
      ['/matrix/permissions', { ...level, ...there }],
      ['/matrix/access/revoke', { userSlug: 'ada', ...there }],
      [
        '/matrix/rooms',
        { entityType: 'workspace', entitySlug: 'secret', creatorSlug: 'eve', ...there },
      ],
    ] as const) {
      assert.deepEqual(await ours.refusal('POST', url, body), [404, 'tenant_not_found'], url);
    }
    assert.deepEqual(await theirState(), before);
  });

  test('is not what the same slug means here, and is in no list', async () => {
    await ours.good('PUT', `${path}/members/eve`, { role: 'owner' });
    assert.equal((await ours.room('secret', 'workspace')).state, 'awaited');
    await ours.good('DELETE', path);
    assert.equal((await theirs.room('secret', 'workspace')).state, 'active');
    const { rooms } = await ours.good<{ rooms: RoomRecord[] }>('GET', '/matrix/rooms?limit=500');
    assert.ok(rooms.every(({ tenantId }) => tenantId === world.defaultTenantId));
  });

  test('hears no event of ours', async () => {
    const before = await theirState();
    const event = {
      ...{ id: 'x', type: 'workspace.deleted', occurredAt: '2026-01-01T00:00:00Z' },
      entitySlug: 'secret',
    };
    const codes = async (path: string, body: object) => {
      const answer = await ours.good<{ results: { code: string }[] }>('POST', path, body);
      return answer.results.map(({ code }) => code);
    };
    const there = { tenantId: other.id };
    assert.deepEqual(await codes('/events', { ...event, ...there }), ['tenant_not_found']);
    const batches: [string, object, string][] = [
      ['/events', { events: [{ ...event, ...there }] }, 'tenant_not_found'],
      ['/events', { events: [event], ...there }, 'tenant_not_found'],
      [`/events?tenantId=${other.id}`, { events: [event] }, 'tenant_not_found'],
    ];
    for (const [url, body, code] of batches) assert.deepEqual(await codes(url, body), [code]);
    const [unnamed] = await both.report(event);
    assert.equal(unnamed?.code, 'tenant_required');
    const conflicting = { tenantId: world.defaultTenantId, events: [{ ...event, ...there }] };
    const answer = await both.good<{ results: { code: string }[] }>('POST', '/events', conflicting);
    assert.equal(answer.results[0]?.code, 'tenant_conflict');
    assert.deepEqual(await theirState(), before);
  });

  test('may be named beside one of ours, by a client of both', async () => {
    const told = (id: string, tenantId: string) => ({
      ...{ id, type: 'group.created', occurredAt: '2026-01-01T00:00:00Z', entitySlug: 'shared' },
      tenantId,
    });
    const results = await both.report(told('same', world.defaultTenantId), told('same', other.id));
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['applied', 'applied'],
      'ids of events are counted for each tenant',
    );
    assert.notEqual(
      (await ours.room('shared', 'group')).alias,
      (await theirs.room('shared', 'group')).alias,
    );
  });
});

describe('somebody of another tenant', () => {
  const path = pathOf('open', 'group');
  const foreign = () => ({ role: 'member', userTenantId: other.id });
  beforeAll(() => ours.tell('open', { entityType: 'group' }));

  test('does not belong unless the entity is open to others', async () => {
    const body = { ...foreign(), tenantId: world.defaultTenantId };
    const closed = await both.refusal('PUT', `${path}/members/zoe`, body);
    assert.deepEqual(closed, [409, 'cross_tenant_off']);
    const event = {
      ...{ id: 'zoe', type: 'group.member.added', occurredAt: '2026-01-01T00:00:00Z' },
      ...{ entitySlug: 'open', userSlug: 'zoe', userTenantId: other.id },
      tenantId: world.defaultTenantId,
    };
    const [rejected] = await both.report(event);
    assert.equal(rejected?.code, 'cross_tenant_off');
    await ours.good('PATCH', path, { crossTenant: true });
    await both.good('PUT', `${path}/members/zoe`, body);
    assert.deepEqual(await ours.members('open', 'group'), { ada: 'owner', zoe: 'member' });
    const [stale] = await both.report(event);
    assert.equal(stale?.outcome, 'stale', 'the event can be told now, but is older');
  });

  test('is never put into a room by a client that does not serve them', async () => {
    const single = await ours.refusal('PUT', `${path}/members/yan`, foreign());
    assert.deepEqual(single, [404, 'tenant_not_found']);
    const members = [{ userSlug: 'yan', ...foreign() }];
    const list = await ours.refusal('PUT', `${path}/members`, { members });
    assert.deepEqual(list, [404, 'tenant_not_found']);
    const [event] = await ours.report({
      ...{ id: 'yan', type: 'group.member.added', occurredAt: '2026-01-01T00:00:00Z' },
      ...{ entitySlug: 'open', userSlug: 'yan', userTenantId: other.id },
    });
    assert.equal(event?.code, 'tenant_not_found');
  });

  test('leaves when it is no longer open', async () => {
    await ours.good('PATCH', path, { crossTenant: false });
    assert.deepEqual(await ours.members('open', 'group'), { ada: 'owner' });
    await ours.good('PATCH', path, { crossTenant: true });
    assert.deepEqual(await ours.members('open', 'group'), { ada: 'owner' });
  });

  test('keeps their access to Matrix, whatever we call them', async () => {
    const there = await world.addPerson({ tenantId: other.id });
    await world.database.query("update accounts set platform_slug = 'zoe' where id = $1", [
      there.id,
    ]);
    for (const body of [{ accountId: there.id }, { userSlug: 'zoe' }]) {
      const refused = await ours.refusal('POST', '/matrix/access/revoke', body);
      assert.deepEqual(refused, [404, 'account_not_found']);
    }
  });
});

describe('access to Matrix', () => {
  test('is taken and given back, by slug or by id, on record and by the worker', async () => {
    const { id } = await world.addPerson();
    await world.database.query("update accounts set platform_slug = 'bea' where id = $1", [id]);
    const ask = (verb: string, body: object) =>
      ours.good<{ matrixAccess: string }>('POST', `/matrix/access/${verb}`, body);
    for (const _ of [1, 2]) {
      assert.deepEqual(await ask('revoke', { userSlug: 'bea' }), {
        ...{ accountId: id, platformSlug: 'bea', matrixAccess: 'revoked' },
      });
    }
    const jobs = await world.database.query('select from graphile_worker.jobs where key = $1', [
      `sync-matrix-access:${id}`,
    ]);
    assert.equal(jobs.length, 1);
    assert.equal((await ask('restore', { accountId: id })).matrixAccess, 'active');
    const audited = await world.database.query<{ action: string }>(
      "select action from audit where target = $1 and action like '%matrix%' order by id",
      [id],
    );
    assert.deepEqual(
      audited.map(({ action }) => action),
      ['account.matrix_revoked', 'account.matrix_restored'],
    );
  });

  test('is of exactly one person', async () => {
    const { id } = await world.addPerson();
    for (const body of [{}, { userSlug: 'x', accountId: id }, { accountId: 'x' }]) {
      const refused = await ours.refusal('POST', '/matrix/access/revoke', body);
      assert.deepEqual(refused, [400, 'input_invalid']);
    }
    const nobody = await ours.refusal('POST', '/matrix/access/revoke', { userSlug: 'nobody' });
    assert.deepEqual(nobody, [404, 'account_not_found']);
  });
});
