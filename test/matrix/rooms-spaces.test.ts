import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { syncRoom } from '../../src/entities/matrix-backend.ts';
import { startWorker } from '../../src/jobs/worker.ts';
import { roomTasks } from '../../src/matrix/rooms/tasks.ts';
import { until } from '../support/until.ts';
import { acme, openRoomsWorld, other, type RoomsWorld } from './rooms-world.ts';

describe("a tenant's space", () => {
  let world: RoomsWorld;
  beforeAll(async () => {
    world = await openRoomsWorld({ settings: { spaces: true } });
  });
  afterAll(() => world.close());

  const spaceOf = async (tenant: string) => {
    const [row] = await world.database.query<{ id: string; roomId: string | null }>(
      `select id, room_id as "roomId" from entities join matrix_rooms on entity = entities.id
        where tenant_id = $1 and entity_type = 'space'`,
      [tenant],
    );
    return row;
  };
  /** Has the worker look at rooms until there is nothing left to do. */
  async function settle(...rooms: string[]) {
    const { database, options } = world;
    for (const room of rooms) await syncRoom(database, room);
    const worker = await startWorker({ database, tasks: roomTasks(options) });
    const jobs = () =>
      database.query("select from graphile_worker.jobs where task_identifier like 'sync-%'");
    await until(async () => (await jobs()).length === 0, { what: 'all rooms to be settled' });
    await worker.stop();
  }

  test('holds its rooms and everybody who has a role in one of them, and nothing else', async () => {
    const [one, two] = [await world.room({ type: 'group' }), await world.room({ type: 'event' })];
    const foreign = await world.room({ tenant: other });
    const [ann, ben] = await world.people.several(2);
    const visitor = await world.people.make({ tenant: other });
    assert.ok(ann && ben);
    await world.people.tell(one, ann, 'owner');
    await world.people.tell(two, ben, 'attendee');
    await world.people.tell(foreign, visitor, 'creator');
    await settle(one, two, foreign);

    const space = await spaceOf(acme);
    assert.ok(space?.roomId);
    const actual = await world.stateOf(space.roomId);
    assert.equal(actual.state('m.room.create')?.type, 'm.space');
    assert.deepEqual(actual.state('m.room.name'), { name: 'Acme' });
    assert.equal(actual.state('m.room.canonical_alias')?.alias, '#space-acme:matrix.example');
    const rooms = [await world.actual(one), await world.actual(two)];
    assert.deepEqual(
      [...actual.keys('m.space.child')].sort(),
      rooms.map(({ roomId }) => roomId).sort(),
    );
    for (const room of rooms) {
      const parent = { via: ['matrix.example'], canonical: true };
      assert.deepEqual(room.state('m.space.parent', space.roomId), parent);
    }
    const joined = [...actual.members].filter(([, it]) => it.membership === 'join');
    assert.deepEqual(joined.map(([id]) => id).sort(), [world.bot, ann.userId, ben.userId].sort());
    assert.notEqual((await spaceOf(other))?.roomId, space.roomId);
  });

  test('lets go of a room that ended, and of whoever lost the last role', async () => {
    const [kept, ended] = [
      await world.room({ type: 'group' }),
      await world.room({ type: 'event' }),
    ];
    const [ann, ben] = await world.people.several(2);
    assert.ok(ann && ben);
    await world.people.tell(kept, ann, 'owner');
    for (const person of [ann, ben]) await world.people.tell(ended, person, 'attendee');
    await settle(kept, ended);
    const former = (await world.actual(ended)).roomId;
    await world.change(ended, { state: 'deleted' });
    await settle(ended);
    const { roomId } = (await spaceOf(acme)) ?? {};
    const actual = await world.stateOf(roomId ?? '');
    assert.ok(!actual.keys('m.space.child').includes(former));
    assert.ok(actual.keys('m.space.child').includes((await world.actual(kept)).roomId));
    assert.equal(actual.members.get(ann.userId)?.membership, 'join');
    assert.equal(actual.members.get(ben.userId)?.membership, 'leave');
  });

  test('costs no more than one call of its own when nothing has changed', async () => {
    const room = await world.room({ type: 'group' });
    await settle(room);
    for (const id of [room, (await spaceOf(acme))?.id ?? '']) {
      const { calls, options } = world.counted();
      await world.sync(id, options);
      assert.deepEqual(calls, ['read room state']);
    }
  });
});
