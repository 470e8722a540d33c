import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openWorld, type World } from '../oidc/world.ts';
import { admin, adminToken, allPages } from './admin.ts';

type Room = { id: string; slug: string; type: string };

let world: World;
let other: { id: string };
let all: string;
let ofDefault: string;
let ours: string[];
let theirs: string;

const held = { count: 2, digest: 'abc', users: ['@ada:matrix.example', '@bo:matrix.example'] };

async function addRoom(tenantId: string, slug: string, trouble: object | null = null) {
  const [row] = await world.database.query<{ id: string }>(
    `with entity as (
        insert into entities (id, tenant_id, entity_type, entity_slug, state)
        values (gen_random_uuid(), $1, 'event', $2, 'active') returning id),
      room as (
        insert into matrix_rooms (entity, room_id, held_removals)
        select id, '!' || $2 || ':matrix.example', $3::jsonb from entity)
      select id from entity`,
    [tenantId, slug, trouble && JSON.stringify(trouble)],
  );
  return row?.id as string;
}

beforeAll(async () => {
  world = await openWorld({ env: { ROLE: 'web' } });
  other = await world.addTenant();
  all = await adminToken(world);
  const tenantIds = [world.defaultTenantId];
  ofDefault = await adminToken(world, { allTenants: false, tenantIds });
  ours = [];
  for (const slug of ['jazz', 'chess', 'go']) ours.push(await addRoom(world.defaultTenantId, slug));
  theirs = await addRoom(other.id, 'theirs', held);
});
afterAll(() => world.close());

const post = (path: string, body: object | undefined, token = all) =>
  admin(world, path, { method: 'POST', token, body });

describe('rooms', () => {
  test('are listed page by page, and those in trouble alone', async () => {
    const found = await allPages<Room>(world, '/rooms?limit=2', all);
    assert.deepEqual(new Set(found.map(({ id }) => id)), new Set([...ours, theirs]));
    const troubled = await allPages<Room>(world, '/rooms?troubled=true', all);
    assert.deepEqual(
      troubled.map(({ id }) => id),
      [theirs],
    );
  });

  test('of another tenant are as if there were none', async () => {
    const found = await allPages<Room>(world, '/rooms', ofDefault);
    assert.equal(found.length, 3);
    for (const answer of [
      await admin(world, `/rooms/${theirs}`, { token: ofDefault }),
      await post(`/rooms/${theirs}/sync`, undefined, ofDefault),
      await post(`/rooms/${theirs}/confirm-removals`, { digest: 'abc' }, ofDefault),
    ]) {
      assert.deepEqual([answer.status, answer.body.error], [404, 'room_not_found']);
    }
    assert.deepEqual(await allPages(world, `/rooms?tenantId=${other.id}`, ofDefault), []);
  });

  test('are made as they should be on demand, which the audit tells', async () => {
    const [id] = ours;
    const { status } = await post(`/rooms/${id}/sync`, undefined, ofDefault);
    assert.equal(status, 202);
    const { body } = await admin(world, `/audit?target=${id}`, { token: all });
    const [row] = body.items as { action: string }[];
    assert.equal(row?.action, 'room.sync_requested');
  });

  test('let people be taken out by a yes to the very list that was looked at', async () => {
    const wrong = await post(`/rooms/${theirs}/confirm-removals`, { digest: 'other' });
    assert.deepEqual([wrong.status, wrong.body.error], [409, 'removals_changed']);
    const { heldDigest, heldUsers } = (await admin(world, `/rooms/${theirs}`, { token: all })).body;
    assert.deepEqual(heldUsers, held.users);
    const right = await post(`/rooms/${theirs}/confirm-removals`, { digest: heldDigest });
    assert.equal(right.status, 202);
    const none = await post(`/rooms/${ours[0]}/confirm-removals`, { digest: 'abc' });
    assert.deepEqual([none.status, none.body.error], [409, 'nothing_held']);
  });

  test('are compared within the tenants that somebody administers', async () => {
    const tenantId = world.defaultTenantId;
    const started = await post('/reconcile-runs', { tenantId }, ofDefault);
    assert.equal(started.status, 202, JSON.stringify(started.body));
    const { id } = started.body as { id: string };
    const seen = await admin(world, `/reconcile-runs/${id}`, { token: ofDefault });
    assert.deepEqual([seen.body.dryRun, seen.body.tenantId], [true, tenantId]);
    const everywhere = await post('/reconcile-runs', {}, ofDefault);
    assert.deepEqual([everywhere.status, everywhere.body.error], [403, 'administration_limited']);
    const elsewhere = await post('/reconcile-runs', { tenantId: other.id }, ofDefault);
    assert.deepEqual([elsewhere.status, elsewhere.body.error], [404, 'tenant_not_found']);
    const byAll = (await post('/reconcile-runs', {})).body.id as string;
    const hidden = await admin(world, `/reconcile-runs/${byAll}`, { token: ofDefault });
    assert.deepEqual([hidden.status, hidden.body.error], [404, 'run_not_found']);
  });
});
