import assert from 'node:assert/strict';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest';
import { delivery, inBatches, renamed } from '../entities/histories.ts';
import { type EventResult, platformWith, type RoomRecord } from '../platform/room-platform.ts';
import { until } from '../support/until.ts';
import { refusalOf } from './chat.ts';
import { type ActualRoom, bot, type RoomsWorld, startRoomsWorld } from './rooms-world.ts';

/** Far more than it takes on a machine with nothing else to do. */
const timeout = 120_000;

describe('two instances with a worker each', { timeout: 400_000 }, () => {
  let world: RoomsWorld;
  beforeAll(async () => {
    // The histories take out more people than anybody would by intent.
    const env = { MATRIX_REMOVAL_SHARE: '100' };
    world = await startRoomsWorld({ instances: 2, env });
    // Cy, whom the histories name as well, never comes to Matrix.
    await world.addPeople(['ada', 'bea']);
  });
  afterAll(() => world?.stop());

  /** That so many groups of Ada's were made, with Bea in them; to this instance, or to the next. */
  async function tellOfGroups(prefix: string, count: number, url = world.service.url) {
    const occurredAt = new Date();
    const slugs = Array.from({ length: count }, (_, nth) => `${prefix}-${nth}`);
    const events = slugs.flatMap((entitySlug) => [
      {
        ...{ id: `${entitySlug} begins`, type: 'group.created', occurredAt, entitySlug },
        ...{ creatorSlug: 'ada', name: entitySlug },
      },
      {
        ...{ id: `${entitySlug} grows`, type: 'group.member.added', occurredAt, entitySlug },
        userSlug: 'bea',
      },
    ]);
    await platformWith({ url }, world.api.token).report(...events);
    return slugs;
  }

  const idsOnSynapse = async () => (await world.allRooms()).map(({ room_id: id }) => id);

  async function areDone(slugs: readonly string[]): Promise<RoomRecord[] | undefined> {
    const rooms = await Promise.all(slugs.map((slug) => world.api.room(slug, 'group')));
    return rooms.every(({ sync }) => sync.state === 'done') ? rooms : undefined;
  }

  /** One room for each and no other, each under its alias, with its people in it. */
  async function assertOneEach(rooms: readonly RoomRecord[], made: readonly string[]) {
    assert.deepEqual(made.toSorted(), rooms.map(({ roomId }) => roomId).sort());
    for (const { roomId, alias } of rooms) {
      const path = `/_matrix/client/v3/directory/room/${encodeURIComponent(alias ?? '')}`;
      const found = await world.synapse.admin<{ room_id: string }>('GET', path);
      assert.equal(found.room_id, roomId);
      assert.deepEqual((await contentsOf(roomId ?? '')).people, { ada: 'join', bea: 'join' });
    }
  }

  test('make one room for a write that comes several times with one key, and wait for it', async () => {
    const before = await idsOnSynapse();
    const write = async () => {
      const answer = await fetch(`${world.service.url}/internal/matrix/rooms?wait=30`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${world.api.token}`,
          ...{ 'content-type': 'application/json', 'idempotency-key': 'the jazz event' },
        },
        body: JSON.stringify({ entityType: 'event', entitySlug: 'jazz', creatorSlug: 'ada' }),
      });
      const { roomId, sync } = (await answer.json()) as RoomRecord;
      const replayed = answer.headers.has('idempotency-replayed');
      return { status: answer.status, replayed, roomId, state: sync?.state };
    };
    const atOnce = await Promise.all([write(), write(), write(), write()]);
    const first = atOnce.filter(({ status, replayed }) => status === 200 && !replayed);
    const { roomId = '', state } = first[0] ?? {};
    assert.deepEqual([first.length, state], [1, 'done'], JSON.stringify(atOnce));
    assert.ok(atOnce.every(({ status }) => status === 200 || status === 409));
    // The balancer gives these to one instance each.
    const again = { status: 200, replayed: true, roomId, state: 'done' };
    assert.deepEqual([await write(), await write()], [again, again]);
    assert.deepEqual(newAmong(await world.allRooms(), before), [roomId]);
    assert.deepEqual((await contentsOf(roomId ?? '')).people, { ada: 'join' });
  });

  test('end in the same rooms, whatever order a history reaches them in, and however often', async () => {
    let run = 0;
    const programs = world.service.instances.map(({ url }) =>
      platformWith({ url }, world.api.token),
    );
    await fc.assert(
      fc.asyncProperty(delivery, async ({ events, arrived }) => {
        run += 1;
        const [inOrder, met] = [`${run}-in-order`, `${run}-met`];
        await world.api.report(...renamed(events, inOrder));
        const batches = inBatches(renamed(arrived, met), 3);
        const sent = batches.map((batch, turn) => programs[turn % 2]?.report(...batch));
        const results = (await Promise.all(sent)).flat() as EventResult[];
        assert.ok(results.every(({ outcome }) => outcome !== 'rejected'));
        for (const slug of ['chess', 'go']) {
          assert.deepEqual(
            await outcomeOf(`${met}-${slug}`),
            await outcomeOf(`${inOrder}-${slug}`),
          );
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  /** What became of a group on Synapse once all was done. */
  async function outcomeOf(slug: string): Promise<unknown> {
    const isSettled = async () => {
      const { status, body } = await world.api.ask('GET', `/matrix/rooms/by-entity/group/${slug}`);
      if (status === 404) return 'unknown' as const;
      const room = body as RoomRecord;
      return ['done', 'waiting'].includes(room.sync.state) && room;
    };
    const room = await until(isSettled, { what: `${slug} to be settled`, timeout });
    if (room === 'unknown' || !room.roomId) return room === 'unknown' ? room : room.state;
    const text = JSON.stringify(await contentsOf(room.roomId));
    return JSON.parse(text.replaceAll(slug, 'its slug').replaceAll(room.roomId, 'its room'));
  }

  /** Name, topic, marks, levels and people of a room, but for who left. */
  async function contentsOf(roomId: string) {
    const state = await world.stateOf(roomId);
    const content = (type: string) => state.find((it) => it.type === type)?.content;
    const people = state
      .filter(({ type, state_key: key }) => type === 'm.room.member' && key !== bot)
      .map(({ state_key: key, content: { membership } }) => [key.slice(1, 4), membership] as const)
      .filter(([, membership]) => membership !== 'leave');
    return {
      name: content('m.room.name'),
      topic: content('m.room.topic')?.topic ?? '',
      metadata: content('com.openmeet.room.metadata'),
      levels: content('m.room.power_levels'),
      people: Object.fromEntries(people.sort()),
    };
  }

  test('bring about what was wanted when Synapse comes back after three failed retries', async () => {
    const before = await idsOnSynapse();
    const slugs = await tellOfGroups('stopped', 8);
    await until(async () => (await idsOnSynapse()).length > before.length, {
      what: 'the first of the rooms',
      every: 5,
    });
    await world.synapse.kill('SIGKILL');
    assert.equal(await areDone(slugs), undefined, 'it was stopped in the midst of it');
    const haveFailed = async () => {
      const tries = await world.hurry();
      // With the fifth, the first attempt and three retries are over.
      return tries.length > 0 && tries.every((attempts) => attempts >= 5);
    };
    await until(haveFailed, { what: 'three failed retries', timeout, every: 100 });
    const { waiting } = await world.service.cli<{ waiting: number }>('jobs', 'list');
    assert.ok(waiting > 0);
    const failed = await Promise.all(slugs.map((slug) => world.api.room(slug, 'group')));
    assert.ok(failed.some(({ sync }) => sync.error?.includes('Synapse does not answer')));
    await world.synapse.restart();
    const hurried = async () => {
      await world.hurry();
      return areDone(slugs);
    };
    const rooms = await until(hurried, { what: 'all of the rooms', timeout, every: 250 });
    // Of a room that it was just making, Synapse may keep the number, without anything in it.
    const entered = (await world.allRooms()).filter(({ joined_members: people }) => people > 0);
    await assertOneEach(rooms, newAmong(entered, before));
  });

  test('make each room once also when one of them is killed in the midst of it', async ({
    annotate,
  }) => {
    const { service } = world;
    const [killed, survivor] = service.instances;
    assert.ok(killed && survivor);
    onTestFinished(async () => {
      await service.kill('SIGTERM');
      await service.restart();
    });
    const before = await idsOnSynapse();
    const slugs = await tellOfGroups('killed', 16, survivor.url);
    await until(async () => (await idsOnSynapse()).length >= before.length + 2, {
      what: 'the first of the rooms',
      every: 5,
    });
    await killed.kill('SIGKILL');
    assert.equal(await areDone(slugs), undefined, 'it was killed in the midst of it');
    const begun = performance.now();
    const rooms = await until(() => areDone(slugs), { what: 'all rooms', timeout, every: 100 });
    await annotate(`all rooms after ${Math.round(performance.now() - begun)} ms`);
    await assertOneEach(rooms, newAmong(await world.allRooms(), before));
    const nobody = fetch(`${killed.url}/health/live`);
    assert.ok(await refusalOf(nobody), 'the other one is still down');
  });
});

function newAmong(rooms: readonly ActualRoom[], before: readonly string[]): string[] {
  return rooms.map(({ room_id: id }) => id).filter((id) => !before.includes(id));
}
