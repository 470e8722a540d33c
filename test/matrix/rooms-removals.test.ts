import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { RoomPerson } from './room-people.ts';
import { openRoomsWorld, other, type RoomsWorld } from './rooms-world.ts';

describe('many removals at once', () => {
  let world: RoomsWorld;
  beforeAll(async () => {
    world = await openRoomsWorld();
  });
  afterAll(() => world.close());

  async function crowd(count: number, fields = {}) {
    const room = await world.room({ type: 'group', ...fields });
    const people = await world.people.several(count);
    for (const person of people) await world.people.tell(room, person, 'member');
    await world.sync(room);
    return { room, people };
  }
  async function dismiss(room: string, people: readonly RoomPerson[]) {
    for (const person of people) await world.people.tell(room, person, null);
    await world.sync(room);
  }
  const present = async (room: string) =>
    [...(await world.actual(room)).members.values()].filter((it) => it.membership === 'join')
      .length;
  const confirm = (room: string, digest: string) =>
    world.database.query('update matrix_rooms set confirmed_removals = $2 where entity = $1', [
      room,
      digest,
    ]);

  test('wait for exactly these people to be confirmed, and nothing else waits', async () => {
    const { room, people } = await crowd(8);
    const newcomer = await world.people.make();
    await world.people.tell(room, newcomer, 'owner');
    await world.change(room, { name: 'Renamed' });
    await dismiss(room, people.slice(0, 5));
    const { held, isSynced } = await world.row(room);
    assert.deepEqual(
      held?.users,
      people
        .slice(0, 5)
        .map((it) => it.userId)
        .sort(),
    );
    assert.equal(held.count, 5);
    assert.ok(isSynced);
    const actual = await world.actual(room);
    assert.deepEqual(actual.state('m.room.name'), { name: 'Renamed' });
    assert.equal(await present(room), 1 + 8 + 1);

    // Others than those who were confirmed.
    await confirm(room, held.digest);
    await dismiss(room, people.slice(5, 6));
    const again = (await world.row(room)).held;
    assert.equal(again?.count, 6);
    assert.equal(await present(room), 1 + 8 + 1);

    await confirm(room, again.digest);
    await world.sync(room);
    assert.equal((await world.row(room)).held, null);
    assert.equal(await present(room), 1 + 2 + 1);
  });

  test('go on after a worker died in the midst of confirmed ones', async () => {
    const { room, people } = await crowd(9);
    await dismiss(room, people.slice(0, 8));
    const { held } = await world.row(room);
    await confirm(room, held?.digest ?? '');
    let kicks = 0;
    const { options } = world.counted((endpoint) => {
      if (endpoint === 'kick from room' && ++kicks === 3) throw new Error('The worker died');
    });
    await assert.rejects(world.sync(room, options));
    assert.equal(await present(room), 1 + 7);
    await world.sync(room);
    assert.equal(await present(room), 1 + 1);
  });

  test('are ordinary while they are few or a small share', async () => {
    const { room, people } = await crowd(6);
    await dismiss(room, people.slice(0, 4));
    assert.equal(await present(room), 1 + 2);
    assert.equal((await world.row(room)).held, null);
  });

  test('are forgotten when the platform takes them back', async () => {
    const { room, people } = await crowd(6);
    await dismiss(room, people);
    assert.equal((await world.row(room)).held?.count, 6);
    for (const person of people) await world.people.tell(room, person, 'member');
    await world.sync(room);
    assert.equal((await world.row(room)).held, null);
  });

  test('never wait where the entity was deleted', async () => {
    const { room } = await crowd(7);
    const { roomId } = await world.row(room);
    await world.change(room, { state: 'deleted' });
    await world.sync(room);
    assert.equal((await world.row(room)).roomId, null);
    assert.equal((await world.stateOf(roomId ?? '')).members.size, 0);
  });

  test('of people whom somebody let in never wait, nor hold up those of others', async () => {
    const { room, people } = await crowd(5);
    const owner = await world.people.make();
    await world.people.tell(room, owner, 'owner');
    await world.sync(room);
    const { roomId } = await world.row(room);
    const outsiders = await world.people.several(5, { tenant: other });
    for (const { userId } of outsiders) {
      await world.people.act(owner.userId, 'POST', `/rooms/${roomId}/invite`, { user_id: userId });
      await world.people.act(userId, 'POST', `/rooms/${roomId}/join`);
    }
    // Only invited, though of the tenant.
    for (const { userId } of await world.people.several(3)) {
      await world.people.act(owner.userId, 'POST', `/rooms/${roomId}/invite`, { user_id: userId });
    }
    const removed = () =>
      world.database.query<{ sum: number }>('select sum(removed)::int from tenant_removals');
    const before = await removed();
    await world.sync(room);
    assert.deepEqual(await removed(), before, 'nobody can use up what the tenant may remove');
    assert.equal((await world.row(room)).held, null);
    const { members } = await world.actual(room);
    const there = [...members.values()].filter((it) => it.membership !== 'leave').length;
    assert.equal(there, 1 + people.length + 1);
  });

  test('wait even for one person in a room that was linked', async () => {
    const { room } = await crowd(1);
    const { roomId } = await world.row(room);
    const native = await world.people.make();
    await world.homeserver.admin('POST', `/_synapse/admin/v1/rooms/${roomId}/make_room_admin`, {
      user_id: native.userId,
    });
    await world.people.act(native.userId, 'POST', `/rooms/${roomId}/join`);
    await world.change(room, { origin: 'linked', name: null });
    await world.sync(room);
    const { held } = await world.row(room);
    assert.deepEqual(held?.users, [native.userId]);
    const levels = (await world.actual(room)).state('m.room.power_levels');
    assert.equal((levels?.users as Record<string, number>)[native.userId], 100);
    await confirm(room, held.digest);
    await world.sync(room);
    assert.equal((await world.actual(room)).members.get(native.userId)?.membership, 'leave');
  });

  test('count over the whole tenant within an hour, be they one by one', async () => {
    const { room, people } = await crowd(3);
    await world.database.query(
      `insert into tenant_removals values ($1, date_trunc('hour', now()), 5000)
        on conflict (tenant_id, hour) do update set removed = 5000`,
      [people[0]?.tenant],
    );
    await dismiss(room, people.slice(0, 1));
    assert.equal((await world.row(room)).held?.count, 1);
  });
});
