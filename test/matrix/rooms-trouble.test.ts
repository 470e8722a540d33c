import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { rowKey } from '../../src/matrix/rooms/actual.ts';
import { HomeserverRooms } from '../../src/matrix/rooms/homeserver-rooms.ts';
import { levelIn } from '../../src/matrix/rooms/levels.ts';
import { SynapseError } from '../../src/matrix/synapse-error.ts';
import { newSlug, openRoomsWorld, type RoomsWorld } from './rooms-world.ts';

describe('a room that is not as it was left', () => {
  let world: RoomsWorld;
  let bot: HomeserverRooms;
  beforeAll(async () => {
    world = await openRoomsWorld();
    bot = new HomeserverRooms(world.options.synapse);
  });
  afterAll(() => world.close());

  async function roomWithOwner(fields = {}) {
    const room = await world.room(fields);
    const owner = await world.people.make();
    await world.people.tell(room, owner, 'creator');
    await world.sync(room);
    const { roomId } = await world.actual(room);
    return { room, roomId, owner };
  }
  const localpart = async (room: string) => (await world.row(room)).alias ?? '';

  test('is found again under its alias when nobody noted it', async () => {
    const { room, roomId } = await roomWithOwner();
    await bot.setState(roomId, 'm.room.name', '', { name: 'Half made' });
    await world.database.query('update matrix_rooms set room_id = null where entity = $1', [room]);
    await world.sync(room);
    const actual = await world.actual(room);
    assert.equal(actual.roomId, roomId);
    assert.deepEqual(actual.state('m.room.name'), { name: 'A room' });
  });

  test('is taken down also when it was never noted', async () => {
    const { room, roomId, owner } = await roomWithOwner();
    await world.database.query('update matrix_rooms set room_id = null where entity = $1', [room]);
    await world.change(room, { state: 'deleted' });
    await world.sync(room);
    assert.equal((await world.row(room)).formerRoomId, roomId);
    await assert.rejects(world.people.act(owner.userId, 'PUT', `/rooms/${roomId}/send/x/1`), /403/);
  });

  test('is never confused with another one that has its alias', async () => {
    const room = await world.room();
    const theirs = await bot.create({
      room_alias_name: await localpart(room),
      creation_content: { [rowKey]: newSlug() },
    });
    await assert.rejects(world.sync(room), { name: 'GiveUp' });
    const { error, roomId } = await world.row(room);
    assert.equal(roomId, null);
    assert.match(error ?? '', new RegExp(`is that of ${theirs}, which is another room: remove it`));
  });

  test('takes its alias from a room that nobody can enter', async () => {
    const room = await world.room();
    const husk = await bot.create({ room_alias_name: await localpart(room) });
    await bot.leave(husk);
    await world.sync(room, { settlingMs: 0 });
    const { roomId } = await world.actual(room);
    assert.notEqual(roomId, husk);
    assert.equal(await bot.roomOfAlias(`#${await localpart(room)}:matrix.example`), roomId);
  });

  test('is finished when Synapse died before it had any of its state', async () => {
    const room = await world.room({ topic: 'All of it' });
    const person = await world.people.make();
    await world.people.tell(room, person, 'creator');
    // A creator, its alias, and what Synapse gives every room.
    const half = await bot.create({
      room_alias_name: await localpart(room),
      creation_content: { [rowKey]: room },
      initial_state: [],
    });
    await bot.setState(half, 'm.room.join_rules', '', {});
    await world.sync(room);
    const actual = await world.actual(room);
    assert.equal(actual.roomId, half);
    assert.equal(actual.members.get(person.userId)?.membership, 'join');
    assert.equal(levelIn(actual, person.userId), 75);
    assert.deepEqual(actual.state('m.room.join_rules'), { join_rule: 'invite' });
    assert.deepEqual(actual.state('m.room.history_visibility'), { history_visibility: 'joined' });
  });

  test('gets its alias back', async () => {
    const { room, roomId } = await roomWithOwner();
    const alias = `#${await localpart(room)}:matrix.example`;
    await bot.removeAlias(alias);
    await bot.setState(roomId, 'm.room.canonical_alias', '', {});
    await world.sync(room);
    assert.equal(await bot.roomOfAlias(alias), roomId);
    assert.equal((await world.actual(room)).state('m.room.canonical_alias')?.alias, alias);
  });

  test('says what a human must do when the bot cannot come back by itself', async () => {
    const { room, roomId, owner } = await roomWithOwner();
    await bot.leave(roomId);
    await assert.rejects(world.sync(room), { name: 'GiveUp' });
    const { error } = await world.row(room);
    assert.match(
      error ?? '',
      /^The bot @openmeet-bot:\S+ is not in !\S+: somebody .* must invite it/,
    );
    await world.people.act(owner.userId, 'POST', `/rooms/${roomId}/invite`, { user_id: world.bot });
    await world.sync(room);
    assert.equal((await world.actual(room)).members.get(world.bot)?.membership, 'join');
    assert.equal((await world.row(room)).error, null);
  });

  test('says that it was upgraded by hand, and keeps out who must not be in it', async () => {
    const { room, roomId, owner } = await roomWithOwner();
    await world.people.tell(room, owner, null);
    await bot.setState(roomId, 'm.room.tombstone', '', { replacement_room: '!new:x' });
    await assert.rejects(world.sync(room), { name: 'GiveUp' });
    const words = (await world.row(room)).error ?? '';
    assert.match(
      words,
      /was upgraded by hand to !new:x, which Synapse does not have: the platform must delete the entity/,
    );
    assert.equal((await world.actual(room)).members.get(owner.userId)?.membership, 'leave');
    await world.change(room, { origin: 'linked' });
    await assert.rejects(world.sync(room), /unlink it, then link the new one/);
    await world.change(room, { origin: 'made', state: 'deleted' });
    await world.sync(room);
    assert.equal((await world.row(room)).error, null);
  });

  test('is made again when Synapse has lost it, unless people had it before us', async () => {
    const { room, roomId } = await roomWithOwner();
    assert.equal(await bot.purge(roomId), 'complete');
    await world.change(room, { origin: 'imported' });
    await assert.rejects(world.sync(room), { name: 'GiveUp' });
    assert.match((await world.row(room)).error ?? '', /Synapse has no room/);
    await world.change(room, { origin: 'made' });
    await world.sync(room);
    assert.notEqual((await world.actual(room)).roomId, roomId);
  });

  test('is another one when its entity was deleted and came back at once', async () => {
    const { room, roomId, owner } = await roomWithOwner();
    await world.database.query('update entities set members_since = now() where id = $1', [room]);
    const newcomer = await world.people.make();
    await world.people.tell(room, newcomer, 'creator');
    await world.sync(room);
    const actual = await world.actual(room);
    assert.notEqual(actual.roomId, roomId);
    assert.equal(actual.members.get(newcomer.userId)?.membership, 'join');
    assert.equal(actual.members.get(owner.userId), undefined);
    assert.equal(
      actual.state('m.room.canonical_alias')?.alias,
      `#${await localpart(room)}:matrix.example`,
    );
    assert.equal((await world.stateOf(roomId)).members.size, 0);
  });

  test('is invited to instead where Synapse lets nobody be put in', async () => {
    const { room } = await roomWithOwner();
    const person = await world.people.make();
    await world.people.tell(room, person, 'attendee');
    const { options } = world.counted((endpoint) => {
      if (endpoint === 'put into room') throw refusal();
    });
    await world.sync(room, options);
    assert.equal((await world.actual(room)).members.get(person.userId)?.membership, 'invite');
  });

  test('lacks nothing else because one step is refused', async () => {
    const { room } = await roomWithOwner();
    const [banned, there] = await world.people.several(2);
    assert.ok(banned && there);
    await world.people.tell(room, banned, 'banned');
    await world.people.tell(room, there, 'attendee');
    await world.change(room, { topic: 'For all' });
    const { options } = world.counted((endpoint) => {
      if (endpoint === 'ban from room') throw refusal('refused');
    });
    await assert.rejects(world.sync(room, options), { name: 'GiveUp' });
    const { error, isSynced } = await world.row(room);
    assert.match(error ?? '', /^Synapse answered 403/);
    assert.equal(isSynced, false);
    const actual = await world.actual(room);
    assert.equal(actual.members.get(there.userId)?.membership, 'join');
    assert.equal(actual.state('m.room.topic')?.topic, 'For all');
  });
});

describe('a room of an older version', () => {
  let world: RoomsWorld;
  beforeAll(async () => {
    world = await openRoomsWorld({
      bot: 'admin',
      synapse: {
        ...{ default_room_version: '11' },
        // As busy as Synapse lets users be by itself.
        rc_room_creation: { per_second: 2, burst_count: 1 },
      },
    });
  });
  afterAll(() => world.close());

  test('keeps everybody below the bot', async () => {
    const room = await world.room({ type: 'group' });
    const admin = await world.people.make({ roles: ['platform.admin'] });
    await world.people.tell(room, admin, 'owner');
    await world.sync(room);
    const actual = await world.actual(room);
    assert.deepEqual([levelIn(actual, world.bot), levelIn(actual, admin.userId)], [100, 99]);
    const { calls, options } = world.counted();
    await world.sync(room, options);
    assert.deepEqual(calls, ['read room state']);
    await world.database.query("update accounts set roles = '{}' where id = $1", [admin.accountId]);
    await world.sync(room);
    assert.equal(levelIn(await world.actual(room), admin.userId), 75);
  });

  test('has its power given back by whoever has it, or says who must do so', async () => {
    const room = await world.room({ type: 'group' });
    const admin = await world.people.make({ roles: ['platform.admin'] });
    await world.people.tell(room, admin, 'owner');
    await world.sync(room);
    const { roomId, ...actual } = await world.actual(room);
    const bot = new HomeserverRooms(world.options.synapse);
    const levels = actual.state('m.room.power_levels') as { users: Record<string, number> };
    const setLevels = (ofBot: number, ofAdmin: number) =>
      bot.setState(roomId, 'm.room.power_levels', '', {
        ...levels,
        users: { [world.bot]: ofBot, [admin.userId]: ofAdmin },
      });
    await setLevels(60, 100);
    await world.sync(room);
    const regained = await world.actual(room);
    assert.equal(levelIn(regained, world.bot), 100);
    assert.equal(levelIn(regained, admin.userId), 100, 'nobody may lower their equal');

    await world.people.act(admin.userId, 'PUT', `/rooms/${roomId}/state/m.room.power_levels/`, {
      ...levels,
      users: { [world.bot]: 100, [admin.userId]: 99 },
    });
    await setLevels(60, 99);
    await assert.rejects(world.sync(room), { name: 'GiveUp' });
    const { error } = await world.row(room);
    assert.match(error ?? '', /has power level \d+ .* and needs 100: somebody who has 100/);
  });

  test('waits as long as Synapse says when there are too many', async () => {
    const rooms = await Promise.all([world.room(), world.room(), world.room()]);
    for (const room of rooms) await world.sync(room);
    for (const room of rooms) assert.ok((await world.row(room)).isSynced);
  });
});

function refusal(kind: 'configuration' | 'refused' = 'configuration') {
  return new SynapseError('Synapse answered 403 to this call', { kind, status: 403 });
}
