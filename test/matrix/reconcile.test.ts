import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { driftOf, findRun, type ReconcileRun } from '../../src/entities/reconcile.store.ts';
import { startDueReconcile, startReconcile } from '../../src/entities/reconcile.ts';
import { startWorker, type Worker } from '../../src/jobs/worker.ts';
import { levelIn } from '../../src/matrix/rooms/levels.ts';
import { roomTasks } from '../../src/matrix/rooms/tasks.ts';
import { Synapse } from '../../src/matrix/synapse.ts';
import { SynapseError } from '../../src/matrix/synapse-error.ts';
import { until } from '../support/until.ts';
import type { RoomPerson } from './room-people.ts';
import { acme, openRoomsWorld, other, type RoomsWorld } from './rooms-world.ts';

/** More than a worker takes in one batch. */
const many = 23;

describe('reconciling rooms', { timeout: 180_000 }, () => {
  let world: RoomsWorld;
  let rooms: string[];
  let owner: RoomPerson;
  let member: RoomPerson;

  beforeAll(async () => {
    world = await openRoomsWorld();
    [owner, member] = await Promise.all([world.people.make(), world.people.make()]);
    rooms = await Promise.all(Array.from({ length: many }, () => world.room({ type: 'group' })));
    for (const room of rooms) {
      await world.people.tell(room, owner, 'owner');
      await world.people.tell(room, member, 'member');
    }
    const waiting = [...rooms];
    const runner = async () => {
      for (let room = waiting.pop(); room; room = waiting.pop()) await world.sync(room);
    };
    await Promise.all([runner(), runner(), runner(), runner()]);
  });
  afterAll(() => world.close());

  const begin = (order: { tenantId?: string | null; dryRun?: boolean } = {}) =>
    world.database.transaction((tx) =>
      startReconcile(tx, { tenantId: null, dryRun: false, requestedBy: 'operator', ...order }),
    );
  const work = () => startWorker({ database: world.database, tasks: roomTasks(world.options) });
  const oneBatch = (run: string) =>
    roomTasks(world.options)['reconcile-rooms']({ run }, { jobId: '1', attempt: 1, last: false });
  const stateOf = async (run: string) => (await findRun(world.database, run)) as ReconcileRun;

  async function ended(run: string, worker: Worker): Promise<ReconcileRun> {
    await until(async () => (await stateOf(run)).state === 'done', { what: 'the end of the run' });
    await worker.stop();
    return stateOf(run);
  }

  /** What people and careless admins do with their own clients. */
  async function disturb(room: string): Promise<void> {
    const { roomId } = await world.actual(room);
    const path = `/rooms/${encodeURIComponent(roomId)}`;
    const { people } = world;
    await people.act(owner.userId, 'PUT', `${path}/state/m.room.name`, { name: 'Mine now' });
    await people.act(owner.userId, 'POST', `${path}/kick`, { user_id: member.userId });
  }

  test('finds nothing to do where all is as it should be, by one call for each room', async () => {
    const calls: string[] = [];
    const { synapse } = world.options;
    const counting = new Proxy(synapse, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          calls.push(name === 'call' ? String(given[0]) : String(name));
          return value.apply(target, given);
        };
      },
    });
    const run = await begin();
    const task = roomTasks({ ...world.options, synapse: counting })['reconcile-rooms'];
    while ((await stateOf(run)).state === 'running') {
      await task({ run }, { jobId: '1', attempt: 1, last: false });
    }
    const { checked, drifted } = await stateOf(run);
    assert.deepEqual({ checked, drifted }, { checked: many, drifted: 0 });
    const reads = calls.filter((call) => call === 'read room state');
    assert.equal(reads.length, many);
    assert.deepEqual(new Set(calls), new Set(['whoAmI', 'read room state']));
  });

  test('says in a dry run what differs, and changes nothing', async () => {
    const [room = ''] = rooms;
    await disturb(room);
    const run = await begin({ dryRun: true });
    const { drifted, mended } = await ended(run, await work());
    assert.deepEqual({ drifted, mended }, { drifted: 1, mended: 0 });
    const [found] = await driftOf(world.database, run);
    assert.equal(found?.id, room);
    assert.deepEqual(found?.drift.actions, ['set the name', `join ${member.userId}`]);
    assert.deepEqual((await world.actual(room)).state('m.room.name'), { name: 'Mine now' });
  });

  test('mends what differs, also when a worker begins and another goes on', async () => {
    const [first = '', second = ''] = rooms;
    await disturb(second);
    const run = await begin();
    await oneBatch(run);
    assert.equal((await stateOf(run)).checked, 20);
    const { checked, drifted, mended, failed } = await ended(run, await work());
    const expected = { checked: many, drifted: 2, mended: 2, failed: 0 };
    assert.deepEqual({ checked, drifted, mended, failed }, expected);
    for (const room of [first, second]) {
      const actual = await world.actual(room);
      assert.deepEqual(actual.state('m.room.name'), { name: 'A room' });
      assert.equal(actual.members.get(member.userId)?.membership, 'join');
      assert.equal(levelIn(actual, owner.userId), 75);
    }
  });

  test('counts every room once when two workers do the same batch', async () => {
    const run = await begin();
    await Promise.all([oneBatch(run), oneBatch(run)]);
    assert.equal((await stateOf(run)).checked, 20);
    assert.equal((await ended(run, await work())).checked, many);
  });

  test('keeps to one tenant when told so', async () => {
    const theirs = await world.room({ type: 'group', tenant: other });
    const run = await begin({ tenantId: other, dryRun: true });
    const { checked } = await ended(run, await work());
    assert.equal(checked, 1);
    const [found] = await driftOf(world.database, run);
    assert.deepEqual([found?.id, found?.drift.actions], [theirs, ['make the room']]);
    const ofAcme = await begin({ tenantId: acme, dryRun: true });
    assert.equal((await ended(ofAcme, await work())).checked, many);
  });

  test('tells of a room where the bot can do nothing what a human must do', async () => {
    const [, , room = ''] = rooms;
    const { roomId } = await world.row(room);
    await world.change(room, { origin: 'linked' });
    const { accessToken, homeserver } = world;
    await fetch(`${homeserver.url}/_matrix/client/v3/rooms/${roomId}/leave`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}` },
      body: '{}',
    });
    const run = await begin();
    const { drifted, failed } = await ended(run, await work());
    assert.ok(drifted >= 1);
    assert.equal(failed, 1);
    const found = (await driftOf(world.database, run)).find(({ id }) => id === room);
    assert.match(found?.error ?? '', /must invite it there/);
  });

  test('is not stopped by one room at which Synapse fails, but waits while it is away', async () => {
    const run = await begin({ dryRun: true });
    // By id, as batches are: it must be in the first one.
    const [bad = ''] = [...rooms].sort();
    const { roomId } = await world.actual(bad);
    const refusing = (isBad: (endpoint: string, part?: string) => boolean) => {
      const synapse = new Synapse(world.access);
      const call = synapse.call.bind(synapse);
      synapse.call = async (endpoint, parts, ...rest) => {
        if (!isBad(endpoint, parts[0])) return call(endpoint, parts, ...rest);
        throw new SynapseError('Synapse answered 500', { kind: 'retry', status: 500 });
      };
      return synapse;
    };
    const away = refusing(() => true);
    away.whoAmI = () => Promise.reject(new SynapseError('Synapse is away', { kind: 'retry' }));
    const stumbling = refusing((_, part) => part === roomId);
    const tryBatch = (synapse: Synapse, attempt: number) =>
      roomTasks({ ...world.options, synapse })['reconcile-rooms'](
        { run },
        { jobId: '1', attempt, last: false },
      );
    await assert.rejects(tryBatch(stumbling, 1), /500/);
    await assert.rejects(tryBatch(away, 9), /away/);
    assert.equal((await stateOf(run)).checked, 0);
    for (let batch = 0; batch < 3; batch += 1) await tryBatch(stumbling, 3);
    const { state, checked, total } = await stateOf(run);
    assert.deepEqual([state, checked], ['done', total]);
    const [found] = (await driftOf(world.database, run)).filter((it) => it.roomId === roomId);
    assert.equal(found?.drift.problem, 'Synapse answered 500');
  });

  test('begins by itself when the last one is too long ago, once over all workers', async () => {
    const count = async () => {
      const [row] = await world.database.query<{ runs: number }>(
        "select count(*)::int as runs from reconcile_runs where requested_by = 'system'",
      );
      return row?.runs ?? 0;
    };
    await startDueReconcile(world.database, 24);
    assert.equal(await count(), 0);
    await world.database.query(
      "update reconcile_runs set started_at = started_at - interval '2 days'",
    );
    await startDueReconcile(world.database, 0);
    assert.equal(await count(), 0);
    await Promise.all([
      startDueReconcile(world.database, 24),
      startDueReconcile(world.database, 24),
    ]);
    assert.equal(await count(), 1);
  });
});
