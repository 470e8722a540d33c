import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type MemberRecord, pathOf, type RoomRecord } from '../platform/room-platform.ts';
import { codeIn } from '../support/mail.ts';
import { until } from '../support/until.ts';
import { type Chat, openChat } from './chat.ts';
import { password } from './newcomer.ts';
import { loginTokenOf, newVisitor, type RoomsWorld, startRoomsWorld } from './rooms-world.ts';

type Counts = { added: number; changed: number; removed: number; unchanged: number };

describe('the members of a group', { timeout: 300_000 }, () => {
  let world: RoomsWorld;
  let ben: Chat;
  beforeAll(async () => {
    world = await startRoomsWorld();
    await world.addPeople(['ann', 'ben', 'cem']);
    ben = await world.signIn('ben');
  });
  afterAll(() => world?.stop());

  /** Ann's, with its room. */
  async function begin(slug: string): Promise<string> {
    const order = { entityType: 'group', entitySlug: slug, creatorSlug: 'ann', name: slug };
    const room = await world.api.good<RoomRecord>('POST', '/matrix/rooms?wait=30', order);
    assert.ok(room.roomId, JSON.stringify(room));
    return room.roomId;
  }

  function belongs(slug: string, userSlug: string, role = 'member'): Promise<MemberRecord> {
    const path = `${pathOf(slug, 'group')}/members/${userSlug}?wait=30`;
    return world.api.good<MemberRecord>('PUT', path, { role });
  }

  async function inside(roomId: string): Promise<string[]> {
    const members = (await world.stateOf(roomId)).filter(({ type }) => type === 'm.room.member');
    return members
      .filter(({ content }) => content.membership === 'join')
      .map(({ state_key: userId }) => userId.slice(1, userId.indexOf(':')))
      .filter((name) => name !== 'openmeet-bot')
      .sort();
  }

  test('may be told of before they have a handle: the first sign-in takes them in', async () => {
    await world.service.cli(
      ...['accounts', 'add', '--email', 'dora@example.org', '--name', 'Dora'],
      ...['--password', password, '--platform-slug', 'dora'],
    );
    const roomId = await begin('early');
    await belongs('early', 'dora', 'admin');
    assert.deepEqual(await inside(roomId), ['ann']);
    const visitor = newVisitor();
    const signIn = await world.press(visitor);
    const profile = await visitor.submit(signIn, { email: 'dora@example.org', password });
    const end = await visitor.submit(profile, { handle: 'dora' }, { button: 'Continue' });
    const dora = await openChat(world.synapse.url, loginTokenOf(end));
    await dora.is('join', roomId);
    await dora.seesLevel(roomId, '@dora:matrix.example', 50);
    dora.client.stopClient();
  });

  test('may be told of before they are anybody here: they are in once they are known', async () => {
    const roomId = await begin('earlier');
    await belongs('earlier', 'emil');
    const visitor = newVisitor();
    const signUp = await visitor.click(await world.press(visitor), 'Create an account');
    const code = await visitor.submit(signUp, { email: 'emil@example.org' });
    const mail = await world.service.mailbox.waitForMail('emil@example.org');
    const profile = await visitor.submit(code, { code: codeIn(mail) });
    const named = { name: 'Emil', handle: 'emil' };
    const chosen = await visitor.submit(profile, named, { button: 'Continue' });
    const end = await visitor.submit(chosen, { password });
    const emil = await openChat(world.synapse.url, loginTokenOf(end));
    assert.equal(emil.client.getRoom(roomId), null, 'a name alone says nothing');
    const { id } = await world.service.cli<{ id: string }>('accounts', 'show', '@emil');
    await world.api.good('PUT', `/accounts/${id}/platform`, {
      ...{ platformUserId: null, platformSlug: 'emil' },
    });
    await emil.is('join', roomId);
    emil.client.stopClient();
  });

  test('are those of the list that was told last, with the roles in it', async () => {
    const roomId = await begin('listed');
    await belongs('listed', 'ben');
    await ben.is('join', roomId);
    const list = (...members: [string, string][]) =>
      world.api.good<Counts>('PUT', `${pathOf('listed', 'group')}/members?wait=30`, {
        members: members.map(([userSlug, role]) => ({ userSlug, role })),
      });
    const { added, changed, removed } = await list(['ann', 'admin'], ['cem', 'member']);
    assert.deepEqual({ added, changed, removed }, { added: 1, changed: 1, removed: 1 });
    await ben.is('leave', roomId);
    assert.deepEqual(await inside(roomId), ['ann', 'cem']);
    await list(['ann', 'owner'], ['cem', 'member'], ['ben', 'admin']);
    await ben.is('join', roomId);
    await ben.seesLevel(roomId, ben.userId, 50);
    await ben.seesLevel(roomId, '@ann:matrix.example', 75);
  });

  test('go when they are taken off one by one', async () => {
    const roomId = await begin('one-by-one');
    await belongs('one-by-one', 'ben');
    await ben.is('join', roomId);
    await world.api.good('DELETE', `${pathOf('one-by-one', 'group')}/members/ben?wait=30`);
    await ben.is('leave', roomId);
    assert.deepEqual(await inside(roomId), ['ann']);
  });

  test('stay away who left by themselves, until the platform adds them again', async () => {
    const roomId = await begin('left');
    await belongs('left', 'ben');
    await ben.is('join', roomId);
    await ben.client.leave(roomId);
    await ben.is('leave', roomId);
    // The worker looks at the room again for another reason, and once more because it is told to.
    await belongs('left', 'cem');
    assert.deepEqual(await inside(roomId), ['ann', 'cem']);
    const before = (await world.api.room('left', 'group')).sync.syncedAt;
    await world.service.cli('rooms', 'sync', 'group', 'left');
    await until(async () => (await world.api.room('left', 'group')).sync.syncedAt !== before, {
      what: 'the room to be looked at',
      timeout: 60_000,
    });
    assert.equal(ben.client.getRoom(roomId)?.getMyMembership(), 'leave');
    await belongs('left', 'ben');
    await ben.is('join', roomId);
  });
});
