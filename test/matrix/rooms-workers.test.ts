import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest';
import { syncRoom } from '../../src/entities/matrix-backend.ts';
import { addJob } from '../../src/jobs/add-job.store.ts';
import { startWorker } from '../../src/jobs/worker.ts';
import { levelIn } from '../../src/matrix/rooms/levels.ts';
import { roomTasks } from '../../src/matrix/rooms/tasks.ts';
import { Synapse } from '../../src/matrix/synapse.ts';
import { until } from '../support/until.ts';
import type { RoomWorkerOrder } from './room-worker.ts';
import { newSlug, openRoomsWorld, type RoomsWorld } from './rooms-world.ts';

describe('workers that make rooms', () => {
  let world: RoomsWorld;
  beforeAll(async () => {
    world = await openRoomsWorld();
  });
  afterAll(() => world.close());

  async function wantedRoom() {
    const name = newSlug();
    const room = await world.room({ type: 'group', name });
    const [owner, member] = await world.people.several(2);
    assert.ok(owner && member);
    await world.people.tell(room, owner, 'owner');
    await world.people.tell(room, member, 'member');
    return { name, room, owner, member };
  }
  type Wanted = Awaited<ReturnType<typeof wantedRoom>>;

  /** One room of this name, under the alias, with its people and their levels. */
  async function assertRight({ name, room, owner, member }: Wanted) {
    const { rooms } = await world.homeserver.admin<{ rooms: { room_id: string }[] }>(
      'GET',
      `/_synapse/admin/v1/rooms?search_term=${name}`,
    );
    const actual = await world.actual(room);
    assert.deepEqual(
      rooms.map((it) => it.room_id),
      [actual.roomId],
    );
    const alias = `#${(await world.row(room)).alias}:matrix.example`;
    const found = await world.homeserver.admin<{ room_id: string }>(
      'GET',
      `/_matrix/client/v3/directory/room/${encodeURIComponent(alias)}`,
    );
    assert.equal(found.room_id, actual.roomId);
    assert.equal(actual.state('m.room.canonical_alias')?.alias, alias);
    assert.deepEqual(
      [owner, member].map(({ userId }) => levelIn(actual, userId)),
      [75, 0],
    );
    for (const { userId } of [owner, member]) {
      assert.equal(actual.members.get(userId)?.membership, 'join');
    }
    const { calls, options } = world.counted();
    await world.sync(room, options);
    assert.deepEqual(calls, ['read room state'], 'nothing is left to do');
  }

  /** @returns where it was when it was killed, or that it ended before */
  async function killWorker(room: string, nth: number, when: 'during' | 'after') {
    const { serverName, settings } = world.options;
    const order: RoomWorkerOrder = {
      ...{ serverName, settings, room, nth, when },
      ...world.access,
      databaseUrl: world.databaseUrl,
    };
    const worker = spawn(process.execPath, [join(import.meta.dirname, 'room-worker.ts')], {
      env: { ...process.env, ORDER: JSON.stringify(order) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(createInterface(worker.stdout), 'line')) as [string];
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    return said;
  }

  for (const when of ['during', 'after'] as const) {
    test(`leave no second room when they are killed ${when} any call of creation`, async () => {
      const reached: string[] = [];
      for (let nth = 1; ; nth += 1) {
        const wanted = await wantedRoom();
        const said = await killWorker(wanted.room, nth, when);
        if (said === 'done') break;
        reached.push(said.replace('stopped at ', ''));
        await until(
          async () => {
            await world.sync(wanted.room);
            return (await world.row(wanted.room)).isSynced;
          },
          { what: `the room after ${said}` },
        );
        await assertRight(wanted);
      }
      assert.deepEqual(reached, [
        ...['find alias', 'capabilities', 'create room', 'read room state'],
        ...['put into room', 'put into room'],
      ]);
    });
  }

  test('make one room each, however many are told of it at once', async () => {
    const wanted = await Promise.all([wantedRoom(), wantedRoom(), wantedRoom()]);
    const { calls, options } = world.counted();
    await Promise.all(wanted.flatMap(({ room }) => [1, 2, 3].map(() => world.sync(room, options))));
    assert.equal(calls.filter((it) => it === 'create room').length, wanted.length);
    for (const one of wanted) await assertRight(one);
  });

  test('never work on one room at the same time, and miss no change meanwhile', async () => {
    const wanted = await wantedRoom();
    await world.sync(wanted.room);
    const { roomId } = await world.row(wanted.room);
    const { database, options } = world;
    let [busy, most] = [0, 0];
    const call = options.synapse.call.bind(options.synapse);
    const synapse = new Synapse(world.access);
    synapse.call = async (endpoint, parts, body) => {
      const isOfRoom = parts[0] === roomId;
      if (isOfRoom) most = Math.max(most, ++busy);
      return call(endpoint, parts, body).finally(() => {
        if (isOfRoom) busy -= 1;
      });
    };
    const tasks = roomTasks({ ...options, synapse });
    const workers = await Promise.all([1, 2].map(() => startWorker({ database, tasks })));
    for (let nth = 0; nth < 10; nth += 1) {
      await world.change(wanted.room, { topic: `Topic ${nth}` });
      await syncRoom(database, wanted.room);
    }
    await until(async () => (await world.row(wanted.room)).isSynced, { what: 'the last topic' });
    for (const worker of workers) await worker.stop();
    assert.equal(most, 1);
    assert.equal((await world.actual(wanted.room)).state('m.room.topic')?.topic, 'Topic 9');
  });

  test('turn to what is wanted now in the midst of a large room', async () => {
    const wanted = await wantedRoom();
    const crowd = await world.people.several(45);
    for (const person of crowd) await world.people.tell(wanted.room, person, 'member');
    const last = crowd
      .map(({ userId }) => userId)
      .sort()
      .at(-1);
    const banned = crowd.find(({ userId }) => userId === last);
    assert.ok(banned);
    // Jobs that workers of other tests left: this room would give way to them.
    await world.database.query('delete from graphile_worker._private_jobs');
    let told = false;
    const { calls, options } = world.counted((endpoint) => {
      if (endpoint !== 'put into room' || told) return;
      told = true;
      void world.people.tell(wanted.room, banned, 'banned');
    });
    await world.sync(wanted.room, options);
    const joinsBefore = calls.slice(0, calls.indexOf('ban from room'));
    assert.ok(joinsBefore.length < 30, 'the ban did not wait for everybody to come in');
    const actual = await world.actual(wanted.room);
    const joined = [...actual.members.values()].filter((it) => it.membership === 'join');
    assert.equal(joined.length, 1 + 2 + 44);
    assert.ok((await world.row(wanted.room)).isSynced);
  });

  test('turn to people who wait in the midst of a large room, and come back to it', async () => {
    const wanted = await wantedRoom();
    const crowd = await world.people.several(30);
    for (const person of crowd) await world.people.tell(wanted.room, person, 'member');
    const { database, options } = world;
    const synapse = new Synapse(world.access);
    const call = synapse.call.bind(synapse);
    const joins = { before: 0, all: 0 };
    synapse.call = async (endpoint, ...rest) => {
      if (endpoint === 'put into room' && ++joins.all === 3) await addJob(database, 'urgent', {});
      return call(endpoint, ...rest);
    };
    const urgent = async () => {
      joins.before = joins.all;
    };
    await syncRoom(database, wanted.room);
    const tasks = { ...roomTasks({ ...options, synapse }), urgent };
    const worker = await startWorker({ database, tasks, concurrency: 1 });
    await until(async () => (await world.row(wanted.room)).isSynced, { what: 'the whole room' });
    await worker.stop();
    assert.ok(joins.before >= 3 && joins.before < 30, `after ${joins.before} people`);
    const { members } = await world.actual(wanted.room);
    assert.ok(crowd.every(({ userId }) => members.get(userId)?.membership === 'join'));
  });

  test('lose nothing while Synapse is away in the midst of it', async () => {
    const { database, options, homeserver } = world;
    const wanted = await wantedRoom();
    let stopped = false;
    const { options: counting } = world.counted((endpoint) => {
      if (endpoint === 'put into room' && !stopped) {
        stopped = true;
        homeserver.kill('SIGKILL');
      }
    });
    const tasks = roomTasks({ ...options, ...counting });
    const worker = await startWorker({ database, tasks });
    onTestFinished(() => worker.stop());
    await syncRoom(database, wanted.room);
    const attempts = async () => {
      const [job] = await database.query<{ attempts: number }>(
        `select attempts from graphile_worker.jobs
          where key = 'sync-room:' || $1::text and last_error is not null`,
        [wanted.room],
      );
      // Nobody wants to wait for the pauses between attempts.
      await database.query(
        `update graphile_worker._private_jobs set run_at = now()
          where key = 'sync-room:' || $1::text and locked_at is null`,
        [wanted.room],
      );
      return job?.attempts ?? 0;
    };
    await until(async () => (await attempts()) >= 3, { what: 'three failed attempts' });
    const { error, isSynced } = await world.row(wanted.room);
    assert.match(error ?? '', /Synapse does not answer/);
    assert.equal(isSynced, false);
    await homeserver.restart();
    await until(
      async () => {
        await attempts();
        return (await world.row(wanted.room)).isSynced;
      },
      { what: 'the room' },
    );
    await assertRight(wanted);
    assert.equal((await world.row(wanted.room)).error, null);
  });

  for (const ms of [20, 80]) {
    test(`mend what Synapse leaves behind when it dies ${ms} ms into making a room`, async () => {
      const wanted = await wantedRoom();
      const { options } = world.counted((endpoint) => {
        if (endpoint === 'create room') setTimeout(() => world.homeserver.kill('SIGKILL'), ms);
      });
      await world.sync(wanted.room, options).catch(() => {});
      await world.homeserver.kill('SIGKILL');
      await world.homeserver.restart();
      // Nothing goes on in a Synapse that was started again.
      await world.sync(wanted.room, { settlingMs: 0 });
      await assertRight(wanted);
    });
  }
});
