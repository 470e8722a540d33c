import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { settle } from '../entities/rows.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { until } from '../support/until.ts';
import {
  type EventResult,
  openPlatform,
  type Platform,
  pathOf,
  type RoomRecord,
} from './room-platform.ts';

/** As where the worker with the token is another process; here the test is the worker. */
let world: World;
let platform: Platform;

beforeAll(async () => {
  world = await openWorld({ env: { MATRIX_PROVISIONING: 'on' } });
  platform = await openPlatform(world);
});
afterAll(() => world.close());

const told = (entitySlug: string) => ({
  ...{ entityType: 'event', entitySlug, creatorSlug: 'ada' },
});

/** Once the entity is told of, what the worker does next. */
async function thenWorker<Done>(slug: string, work: () => Promise<Done>): Promise<Done> {
  await until(
    async () => {
      const rows = await world.database.query(
        `select from entities join matrix_rooms on entity = entities.id
          where entity_slug = $1 and wanted_version > synced_version`,
        [slug],
      );
      return rows.length > 0;
    },
    { what: `${slug} to be wanted` },
  );
  return work();
}

const failing = (slug: string) =>
  world.database.query(
    `update matrix_rooms set error = 'Synapse: M_FORBIDDEN', error_at = clock_timestamp()
      from entities where entity = id and entity_slug = $1`,
    [slug],
  );

describe('a write that waits', () => {
  test('answers with the room as soon as the worker has made it', async () => {
    const started = performance.now();
    const [room] = await Promise.all([
      platform.good<RoomRecord>('POST', '/matrix/rooms?wait=20', told('made')),
      thenWorker('made', () => settle(world.database, '!made:matrix.example', 'made')),
    ]);
    assert.deepEqual([room.roomId, room.sync.state], ['!made:matrix.example', 'done']);
    assert.ok(room.sync.syncedAt);
    assert.ok(performance.now() - started < 10_000, 'not only when the time was over');
  });

  test('answers that it failed, and why, without waiting on', async () => {
    const [room] = await Promise.all([
      platform.good<RoomRecord>('POST', '/matrix/rooms?wait=20', told('failed')),
      thenWorker('failed', () => failing('failed')),
    ]);
    const { syncedAt, ...sync } = room.sync;
    assert.equal(syncedAt, null);
    assert.deepEqual(sync, {
      ...{ state: 'retrying', code: 'sync_failed', error: 'Synapse: M_FORBIDDEN' },
    });
    const changed = await platform.good<RoomRecord>('PATCH', pathOf('failed'), { name: 'Anew' });
    assert.equal(changed.sync.state, 'pending', 'what failed was said before');
  });

  test('answers with what is stored when the time is over, or nobody asked to wait', async () => {
    const at = performance.now();
    const room = await platform.good<RoomRecord>('POST', '/matrix/rooms?wait=1', told('slow'));
    assert.ok(performance.now() - at >= 900);
    assert.equal(room.sync.state, 'pending');
    const again = await platform.good<RoomRecord>('POST', '/matrix/rooms', told('slow'));
    assert.equal(again.sync.state, 'pending');
  });

  test('is every one that changes a room', async () => {
    await platform.tell('all');
    await settle(world.database, '!all:matrix.example', 'all');
    const path = pathOf('all');
    const level = { roomId: '!all:matrix.example', userSlug: 'bea', powerLevel: 10 };
    const event = {
      ...{ id: 'e', type: 'event.updated', occurredAt: '2026-01-01T00:00:00Z', topic: 'T' },
      entitySlug: 'all',
    };
    type Synced = { sync: RoomRecord['sync'] };
    const writes: [string, string, unknown?][] = [
      ['PUT', `${path}/members/bea`, { role: 'attendee' }],
      ['POST', '/matrix/permissions', level],
      ['DELETE', `${path}/members/bea`],
      ['PUT', `${path}/members`, { members: [{ userSlug: 'cy', role: 'attendee' }] }],
      ['PATCH', path, { name: 'All' }],
      ['POST', `${path}/sync`],
      ['DELETE', path],
    ];
    for (const [method, url, body] of writes) {
      const [answer] = await Promise.all([
        platform.good<Synced>(method, `${url}?wait=20`, body),
        thenWorker('all', () => settle(world.database, '!all:matrix.example', 'all')),
      ]);
      assert.equal(answer.sync.state, 'done', `${method} ${url}`);
    }
    const [{ results }] = await Promise.all([
      platform.good<{ results: EventResult[] }>('POST', '/events?wait=20', event),
      thenWorker('all', () => settle(world.database, '!all:matrix.example', 'all')),
    ]);
    assert.equal(results[0]?.sync?.state, 'done');
  });

  test('waits for nothing that no worker will do', async () => {
    const at = performance.now();
    const path = `${pathOf('awaited')}/members/bea?wait=30`;
    const { sync } = await platform.good<RoomRecord>('PUT', path, { role: 'attendee' });
    assert.deepEqual([sync.state, sync.code], ['waiting', 'entity_unknown']);
    assert.ok(performance.now() - at < 20_000);
    for (const wait of ['31', '-1', '1.5', 'long']) {
      const refused = await platform.refusal('POST', `/matrix/rooms?wait=${wait}`, told('x'));
      assert.deepEqual(refused, [400, 'input_invalid'], wait);
    }
  });
});

test('removals that wait for an operator keep no other change from being waited for', async () => {
  await platform.tell('held');
  await settle(world.database, '!held:matrix.example', 'held');
  await world.database.query(
    `update matrix_rooms set held_removals = '{}' from entities
      where entity = id and entity_slug = 'held'`,
  );
  const path = `${pathOf('held')}/members/bea?wait=20`;
  const [{ sync }, pending] = await Promise.all([
    platform.good<RoomRecord>('PUT', path, { role: 'attendee' }),
    thenWorker('held', async () => {
      const { sync } = await platform.room('held');
      await settle(world.database, '!held:matrix.example', 'held');
      return sync.state;
    }),
  ]);
  assert.equal(pending, 'pending');
  assert.deepEqual([sync.state, sync.code], ['waiting', 'removals_held']);
});

test('a room that was in order says when it is no longer', async () => {
  await platform.tell('lost');
  await settle(world.database, '!lost:matrix.example', 'lost');
  await failing('lost');
  const { state, error } = (await platform.room('lost')).sync;
  assert.deepEqual([state, error], ['retrying', 'Synapse: M_FORBIDDEN']);
});

test('fifty callers that wait leave the service to everybody else', async () => {
  await platform.tell('crowd');
  const path = pathOf('crowd');
  const waiting = Array.from({ length: 50 }, (_, n) =>
    platform.good<RoomRecord>('PUT', `${path}/members/m${n}?wait=20`, { role: 'attendee' }),
  );
  const started = performance.now();
  for (let asked = 0; asked < 20; asked += 1) await platform.room('crowd');
  assert.ok(performance.now() - started < 5000, 'nobody else waits for what they wait for');
  await until(
    async () => {
      const [row] = await world.database.query<{ count: number }>(
        `select count(*)::int from memberships join entities on entities.id = room
          where entity_slug = 'crowd' and member like 'm%'`,
      );
      return row?.count === 50;
    },
    { what: 'all fifty to be stored' },
  );
  await settle(world.database, '!crowd:matrix.example', 'crowd');
  const answers = await Promise.all(waiting);
  assert.ok(answers.every(({ sync }) => sync.state === 'done'));
});

test('what was given up is tried again when told so', async () => {
  await platform.tell('given-up');
  await failing('given-up');
  await world.database.query(
    `update graphile_worker._private_jobs set attempts = max_attempts
      where key = (select 'sync-room:' || id from entities where entity_slug = 'given-up')`,
  );
  assert.equal((await platform.room('given-up')).sync.state, 'failed');
  const path = `${pathOf('given-up')}/sync`;
  const { sync } = await platform.good<RoomRecord>('POST', path);
  assert.equal(sync.state, 'pending');
  const [job] = await world.database.query<{ attempts: number }>(
    `select attempts from graphile_worker.jobs
      where key = (select 'sync-room:' || id from entities where entity_slug = 'given-up')`,
  );
  assert.equal(job?.attempts, 0);
  const unknown = await platform.refusal('POST', `${pathOf('unknown')}/sync`);
  assert.deepEqual(unknown, [404, 'room_not_found']);
});
