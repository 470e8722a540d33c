import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Actual } from '../../../src/matrix/rooms/actual.ts';
import { HomeserverRooms } from '../../../src/matrix/rooms/homeserver-rooms.ts';
import { levelIn } from '../../../src/matrix/rooms/levels.ts';
import type { RoomPerson } from '../../matrix/room-people.ts';
import {
  openRoomsWorld,
  other,
  type RoomFields,
  type RoomsWorld,
} from '../../matrix/rooms-world.ts';

const path = (roomId: string, rest: string) => `/rooms/${encodeURIComponent(roomId)}/${rest}`;

describe('a room that somebody upgraded by hand', () => {
  let world: RoomsWorld;
  let bot: HomeserverRooms;
  beforeAll(async () => {
    world = await openRoomsWorld();
    bot = new HomeserverRooms(world.options.synapse);
  });
  afterAll(() => world.close());

  async function roomWithPeople(fields: RoomFields = {}) {
    const room = await world.room(fields);
    const [owner, guest] = await world.people.several(2, { tenant: fields.tenant });
    assert.ok(owner && guest);
    await world.people.tell(room, owner, 'creator');
    await world.people.tell(room, guest, 'attendee');
    await world.sync(room);
    const { roomId } = await world.actual(room);
    return { room, roomId, owner, guest };
  }

  /** As in rooms that the bot made before it knew better, or that were not its own. */
  async function letUpgrade(roomId: string, { userId }: RoomPerson) {
    const levels = (await world.stateOf(roomId)).state('m.room.power_levels') ?? {};
    await bot.setState(roomId, 'm.room.power_levels', '', {
      ...levels,
      users: { ...(levels.users as object), [userId]: 100 },
      events: { ...(levels.events as object), 'm.room.tombstone': 100 },
    });
  }

  async function upgrade(roomId: string, { userId }: RoomPerson): Promise<string> {
    const answer = await world.people.act(userId, 'POST', path(roomId, 'upgrade'), {
      new_version: '12',
    });
    return (answer as { replacement_room: string }).replacement_room;
  }

  async function upgradedRoom(fields: RoomFields = {}) {
    const made = await roomWithPeople(fields);
    await letUpgrade(made.roomId, made.owner);
    return { ...made, to: await upgrade(made.roomId, made.owner) };
  }

  const membership = (actual: Actual, { userId }: RoomPerson) =>
    actual.members.get(userId)?.membership;
  const errorOf = async (room: string) => (await world.row(room)).error ?? '';

  /** The bot's own word in a room of ours that people are to go on in another. */
  const close = (roomId: string, to: string) =>
    bot.setState(roomId, 'm.room.tombstone', '', { body: 'Moved', replacement_room: to });

  async function roomOf(person: RoomPerson, content: object = {}): Promise<string> {
    const body = { room_version: '11', creation_content: content };
    const answer = await world.people.act(person.userId, 'POST', '/createRoom', body);
    return (answer as { room_id: string }).room_id;
  }

  test('could not be, in version 12, by anybody below the bot', async () => {
    const { roomId, room, owner } = await roomWithPeople();
    const created = (await world.stateOf(roomId)).created;
    assert.equal(created?.version, '12');
    const chief = await world.people.make({ roles: ['platform.admin'] });
    await world.people.tell(room, chief, 'organizer');
    await world.sync(room);
    assert.equal(levelIn(await world.stateOf(roomId), chief.userId), 100);
    for (const person of [owner, chief]) await assert.rejects(upgrade(roomId, person), /403/);
  });

  test('is one that nobody else can upgrade from now on, if that was possible before', async () => {
    const { room, roomId, owner } = await roomWithPeople();
    await letUpgrade(roomId, owner);
    await world.sync(room);
    await assert.rejects(upgrade(roomId, owner), /403/);
  });

  test('is followed: people, power, alias and picture are in the new one', async () => {
    const { room, roomId, guest, to } = await upgradedRoom();
    await world.sync(room);
    const row = await world.row(room);
    assert.deepEqual([row.roomId, row.formerRoomId, row.error], [to, roomId, null]);
    const actual = await world.stateOf(to);
    assert.equal(membership(actual, guest), 'join');
    assert.ok(levelIn(actual, world.bot) >= 100);
    const alias = `#${row.alias}:matrix.example`;
    assert.equal(await bot.roomOfAlias(alias), to);
    assert.equal(actual.state('m.room.canonical_alias')?.alias, alias);
    const [audit] = await world.database.query<{ detail: object }>(
      `select detail from audit where action = 'room.upgrade_followed' and target = $1`,
      [room],
    );
    assert.deepEqual(audit?.detail, { from: roomId, roomId: to });
  });

  test('stays readable for its people, but not for whoever is taken out afterwards', async () => {
    const { room, roomId, guest, to } = await upgradedRoom();
    const leaver = await world.people.make();
    await world.people.tell(room, leaver, 'attendee');
    await bot.putInto(roomId, leaver.userId);
    await world.sync(room);
    assert.equal(membership(await world.stateOf(roomId), leaver), 'join');
    await world.people.tell(room, leaver, null);
    await world.sync(room);
    for (const place of [roomId, to]) {
      const actual = await world.stateOf(place);
      assert.deepEqual([membership(actual, leaver), membership(actual, guest)], ['leave', 'join']);
    }
  });

  test('is emptied with the new one when its entity is deleted', async () => {
    const { room, roomId, guest, to } = await upgradedRoom();
    await world.sync(room);
    await world.change(room, { state: 'deleted' });
    await world.sync(room).catch(() => {});
    for (const place of [roomId, to]) {
      const { members } = await world.stateOf(place);
      assert.notEqual(members.get(guest.userId)?.membership, 'join', place);
    }
  });

  test('is not followed into a room that does not name it as what it replaces', async () => {
    const { room, roomId, owner, guest } = await roomWithPeople();
    for (const content of [{}, { predecessor: { room_id: '!other:x' } }, { predecessor: null }]) {
      const lure = await roomOf(owner, content);
      await close(roomId, lure);
      await assert.rejects(world.sync(room), { name: 'GiveUp' });
      const words = new RegExp(`upgraded by hand to ${lure}, which does not say that it replaces`);
      assert.match(await errorOf(room), words);
      assert.equal((await world.row(room)).roomId, roomId);
      assert.equal((await world.stateOf(lure)).members.has(world.bot), false);
      assert.equal((await world.stateOf(lure)).members.has(guest.userId), false);
    }
  });

  test('is not followed into a room of another tenant, be it made to look like the next one', async () => {
    const { room, roomId, owner } = await roomWithPeople();
    const theirs = await roomOf(owner, { predecessor: { room_id: roomId } });
    await world.room({ tenant: other, origin: 'linked', roomId: theirs });
    await close(roomId, theirs);
    await assert.rejects(world.sync(room), { name: 'GiveUp' });
    assert.match(await errorOf(room), /which is another entity’s/);
    assert.equal((await world.stateOf(theirs)).members.has(world.bot), false);
    const made = await roomWithPeople({ tenant: other });
    await close(roomId, made.roomId);
    await assert.rejects(world.sync(room), { name: 'GiveUp' });
    assert.equal((await world.row(room)).roomId, roomId);
  });

  test('is not followed into a room of another kind, or none', async () => {
    const { room, roomId, owner } = await roomWithPeople();
    const space = await roomOf(owner, { predecessor: { room_id: roomId }, type: 'm.space' });
    for (const [to, words] of [
      [space, /which is of another kind/],
      ['!nowhere:x', /which Synapse does not have/],
      ['', /another room, which nobody named/],
      ['no id', /another room, which nobody named/],
    ] as const) {
      await close(roomId, to);
      await assert.rejects(world.sync(room), { name: 'GiveUp' });
      assert.match(await errorOf(room), words);
    }
  });

  test('is spoken of as upgraded, not as one that lost its alias', async () => {
    const { room, to } = await upgradedRoom();
    await world.room({ tenant: other, origin: 'linked', roomId: to });
    await assert.rejects(world.sync(room), { name: 'GiveUp' });
    assert.match(
      await errorOf(room),
      /^!\S+ was upgraded by hand to \S+, which is another entity’s/,
    );
    assert.doesNotMatch(await errorOf(room), /alias/);
  });

  test('and was linked is followed when somebody there invites the bot and gives it power', async () => {
    const owner = await world.people.make();
    const roomId = await roomOf(owner);
    await world.people.act(owner.userId, 'POST', path(roomId, 'invite'), { user_id: world.bot });
    await bot.join(roomId);
    await world.people.act(owner.userId, 'PUT', path(roomId, 'state/m.room.power_levels/'), {
      users: { [owner.userId]: 100, [world.bot]: 100 },
    });
    const room = await world.room({ origin: 'linked', strangers: 'keep', roomId });
    await world.sync(room);
    const to = await upgrade(roomId, owner);
    await assert.rejects(world.sync(room), { name: 'Error' });
    assert.match(await errorOf(room), /in which the bot is not: somebody there must invite/);
    assert.equal((await world.stateOf(to)).members.has(world.bot), false);
    await world.people.act(owner.userId, 'POST', path(to, 'invite'), { user_id: world.bot });
    await world.sync(room);
    const row = await world.row(room);
    assert.deepEqual([row.roomId, row.error], [to, null]);
    assert.equal(membership(await world.stateOf(to), owner), 'join');
  });
});
