import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { levelIn } from '../../src/matrix/rooms/levels.ts';
import { acme, newSlug, openRoomsWorld, type RoomsWorld } from './rooms-world.ts';

for (const bot of ['appservice', 'admin'] as const) {
  describe(`a room kept by ${bot === 'admin' ? 'a plain admin' : 'the application service'}`, () => {
    let world: RoomsWorld;
    beforeAll(async () => {
      world = await openRoomsWorld({ bot });
    });
    afterAll(() => world.close());

    const membership = async (room: string, userId: string) =>
      (await world.actual(room)).members.get(userId)?.membership;
    /** A room with one person in each of these roles. */
    async function furnished(...roles: string[]) {
      const room = await world.room({ type: 'group' });
      const people = await world.people.several(roles.length);
      for (const [nth, person] of people.entries()) {
        await world.people.tell(room, person, roles[nth] ?? 'member');
      }
      await world.sync(room);
      return { room, people };
    }

    test('has everything that the platform and the operator said', async () => {
      const slug = newSlug();
      const room = await world.room({
        ...{ type: 'workspace', slug, name: 'Design', topic: 'What it looks like' },
        ...{ creatorSlug: 'ann', encrypted: true, avatarUrl: 'mxc://matrix.example/abc' },
      });
      const [owner, member] = await Promise.all([world.people.make(), world.people.make()]);
      await world.people.tell(room, owner, 'owner');
      await world.people.tell(room, member, 'member');
      await world.sync(room);
      const actual = await world.actual(room);
      const content = (type: string) => actual.state(type);
      assert.deepEqual(content('m.room.name'), { name: 'Mosaic: Design' });
      assert.equal(content('m.room.topic')?.topic, 'What it looks like');
      assert.deepEqual(content('m.room.avatar'), { url: 'mxc://matrix.example/abc' });
      assert.deepEqual(content('m.room.join_rules'), { join_rule: 'invite' });
      assert.deepEqual(content('m.room.guest_access'), { guest_access: 'forbidden' });
      assert.deepEqual(content('m.room.history_visibility'), { history_visibility: 'joined' });
      assert.equal(content('m.room.encryption')?.algorithm, 'm.megolm.v1.aes-sha2');
      assert.equal(content('m.room.canonical_alias')?.alias, `#mosaic-${slug}:matrix.example`);
      assert.deepEqual(content('com.openmeet.room.metadata'), {
        ...{ entity_type: 'workspace', entity_slug: slug, tenant_id: acme, created_by: 'ann' },
      });
      assert.equal(actual.created?.row, room);
      assert.equal(levelIn(actual, owner.userId), 50);
      assert.equal(levelIn(actual, member.userId), 0);
      assert.equal(actual.members.get(member.userId)?.membership, 'join');
      assert.ok((await world.row(room)).isSynced);
    });

    test('costs one call to Synapse when nothing has changed', async () => {
      const { room } = await furnished('owner', 'member');
      const { calls, options } = world.counted();
      await world.sync(room, options);
      assert.deepEqual(calls, ['read room state']);
    });

    test('follows roles and overrides with its power levels', async () => {
      const { room, people } = await furnished('owner', 'member');
      const [owner, member] = people;
      assert.ok(owner && member);
      const levels = async () => {
        await world.sync(room);
        const actual = await world.actual(room);
        return [owner, member].map(({ userId }) => levelIn(actual, userId));
      };
      assert.deepEqual(await levels(), [75, 0]);
      await world.people.tell(room, member, 'admin');
      assert.deepEqual(await levels(), [75, 50]);
      await world.people.tell(room, member, 'admin', { powerLevel: 60 });
      assert.deepEqual(await levels(), [75, 60]);
      await world.people.tell(room, owner, 'member');
      await world.people.tell(room, member, 'member');
      assert.deepEqual(await levels(), [0, 0]);
    });

    test('takes out who has no role, and does not drag back who left', async () => {
      const { room, people } = await furnished('member', 'member');
      const [dismissed, leaver] = people;
      assert.ok(dismissed && leaver);
      const { roomId } = await world.row(room);
      await world.people.tell(room, dismissed, null);
      await world.people.leave(leaver.userId, roomId ?? '');
      await world.sync(room);
      assert.equal(await membership(room, dismissed.userId), 'leave');
      assert.equal(await membership(room, leaver.userId), 'leave');
      await world.people.tell(room, leaver, 'member');
      await world.sync(room);
      assert.equal(await membership(room, leaver.userId), 'join');
    });

    test('bans whom the platform banned, and lets them in again', async () => {
      const { room, people } = await furnished('member');
      const [person] = people;
      assert.ok(person);
      const stranger = await world.people.make();
      await world.people.tell(room, person, 'banned');
      await world.people.tell(room, stranger, 'banned');
      await world.sync(room);
      assert.equal(await membership(room, person.userId), 'ban');
      assert.equal(await membership(room, stranger.userId), 'ban');
      // Older than the ban on Matrix: words may come late.
      await world.people.tell(room, person, 'member', { after: -60_000 });
      await world.people.tell(room, stranger, null);
      await world.sync(room);
      assert.equal(await membership(room, person.userId), 'join');
      assert.equal(await membership(room, stranger.userId), 'leave');
    });

    test('lets a ban by a moderator stand until the platform says something newer', async () => {
      const { room, people } = await furnished('admin', 'member');
      const [moderator, person] = people;
      assert.ok(moderator && person);
      const { roomId } = await world.row(room);
      await world.people.act(moderator.userId, 'POST', `/rooms/${roomId}/ban`, {
        user_id: person.userId,
      });
      await world.sync(room);
      assert.equal(await membership(room, person.userId), 'ban');
      await world.people.tell(room, person, 'member');
      await world.sync(room);
      assert.equal(await membership(room, person.userId), 'join');
    });

    test('lets only its leaders write once its entity is cancelled', async () => {
      const { room, people } = await furnished('owner', 'member');
      const [owner, member] = people;
      assert.ok(owner && member);
      await world.change(room, { state: 'cancelled' });
      await world.sync(room);
      const { roomId } = await world.row(room);
      const say = (userId: string) =>
        world.people.act(userId, 'PUT', `/rooms/${roomId}/send/m.room.message/${newSlug()}`, {
          ...{ msgtype: 'm.text', body: 'Hello' },
        });
      await say(owner.userId);
      await assert.rejects(say(member.userId), /M_FORBIDDEN/);
    });

    test('is emptied with its entity and keeps its history, and a new one can be made', async () => {
      const { room, people } = await furnished('owner', 'member');
      const [owner] = people;
      assert.ok(owner);
      const { roomId: former, alias } = await world.row(room);
      assert.ok(former);
      await world.change(room, { state: 'deleted' });
      await world.sync(room);
      const row = await world.row(room);
      assert.deepEqual([row.roomId, row.formerRoomId, row.alias], [null, former, null]);
      const [, member] = people;
      const read = `/rooms/${former}/messages?dir=b`;
      const { chunk } = (await world.people.act(member?.userId ?? '', 'GET', read)) as {
        chunk: { type: string; state_key?: string; content: { membership?: string } }[];
      };
      const ends = chunk.filter(({ content }) => content.membership === 'leave');
      assert.ok(ends.some(({ state_key: who }) => who === member?.userId));
      await world.database.query(
        "update entities set state = 'active', members_since = now() where id = $1",
        [room],
      );
      await world.database.query('update matrix_rooms set alias = $2 where entity = $1', [
        room,
        alias,
      ]);
      await world.people.tell(room, owner, 'owner');
      await world.sync(room);
      assert.notEqual((await world.row(room)).roomId, former);
      assert.equal(await membership(room, owner.userId), 'join');
    });

    test('is purged with its entity where that is asked for', async () => {
      const { room } = await furnished('owner');
      const { roomId } = await world.row(room);
      await world.change(room, { state: 'deleted', purge: true });
      await world.sync(room);
      assert.equal((await world.row(room)).formerRoomId, roomId);
      await assert.rejects(world.stateOf(roomId ?? ''), /M_NOT_FOUND/);
    });

    test('is purged when that is asked for after it was emptied', async () => {
      const { room } = await furnished('owner');
      await world.change(room, { state: 'deleted' });
      await world.sync(room);
      const { formerRoomId } = await world.row(room);
      await world.stateOf(formerRoomId ?? '');
      await world.change(room, { purge: true });
      await world.sync(room);
      await assert.rejects(world.stateOf(formerRoomId ?? ''), /M_NOT_FOUND/);
      const { isSynced, error } = await world.row(room);
      assert.deepEqual([isSynced, error], [true, null]);
    });

    test('gets back what others changed in it', async () => {
      const { room, people } = await furnished('owner', 'member');
      const [owner, member] = people;
      assert.ok(owner && member);
      const admin = await world.people.make({ roles: ['platform.admin'] });
      const stranger = await world.people.make();
      await world.sync(room);
      const before = await world.actual(room);
      const { roomId } = before;
      const as = (userId: string, method: string, path: string, body: object) =>
        world.people.act(userId, method, `/rooms/${roomId}${path}`, body);
      await as(owner.userId, 'PUT', '/state/m.room.name/', { name: 'Mine' });
      await as(owner.userId, 'POST', '/invite', { user_id: admin.userId });
      await as(admin.userId, 'POST', '/join', {});
      await as(admin.userId, 'PUT', '/state/m.room.join_rules/', { join_rule: 'public' });
      await as(stranger.userId, 'POST', '/join', {});
      await as(admin.userId, 'PUT', '/state/m.room.history_visibility/', {
        history_visibility: 'shared',
      });
      const levels = before.state('m.room.power_levels') as { users: object };
      await as(admin.userId, 'PUT', '/state/m.room.power_levels/', {
        ...levels,
        ...{ invite: 0, users: { ...levels.users, [stranger.userId]: 80, [member.userId]: 90 } },
      });
      await as(admin.userId, 'PUT', '/state/com.openmeet.room.metadata/', { entity_type: 'none' });
      await world.sync(room);
      const mended = await world.actual(room);
      for (const type of [
        'm.room.name',
        'm.room.join_rules',
        'm.room.history_visibility',
        'm.room.power_levels',
        'com.openmeet.room.metadata',
      ]) {
        assert.deepEqual(mended.state(type), before.state(type), type);
      }
      assert.equal(mended.members.get(stranger.userId)?.membership, 'leave');
      assert.equal(mended.members.get(admin.userId)?.membership, 'join');
    });
  });
}
