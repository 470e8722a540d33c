import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { pathOf } from '../platform/room-platform.ts';
import { type Chat, contentOf, say } from './chat.ts';
import { bot, type RoomsWorld, startRoomsWorld } from './rooms-world.ts';

type Held = { confirmed: boolean; users: string[] };

describe('a room that people had before', { timeout: 300_000 }, () => {
  let world: RoomsWorld;
  let ann: Chat;
  let ben: Chat;
  beforeAll(async () => {
    world = await startRoomsWorld();
    await world.addPeople(['ann', 'ben', 'cem']);
    [ann, ben] = await Promise.all([world.signIn('ann'), world.signIn('ben')]);
  });
  afterAll(() => world?.stop());

  test('becomes the group’s when its administrator says so there, and loses nobody unseen', async () => {
    const { room_id: roomId } = await ann.client.createRoom({
      ...{ name: 'Chess club', invite: [ben.userId] },
    });
    await ben.client.joinRoom(roomId);
    const path = pathOf('chess', 'group');
    const asked = await world.api.ask('POST', `${path}/link`, { roomId });
    assert.equal(asked.status, 201, JSON.stringify(asked.body));
    await ann.client.invite(roomId, bot);
    await ann.sees(roomId, 'the bot come in', (room) => room.getMember(bot)?.membership === 'join');
    await ann.client.setPowerLevel(roomId, bot, 100);
    await say(ann.client, roomId, String(asked.body.command));
    await ann.sees(
      roomId,
      'whose it is now',
      (room) => contentOf(room, 'com.openmeet.room.metadata')?.entity_slug === 'chess',
    );
    const member = (slug: string, role: string) =>
      world.api.good('PUT', `${path}/members/${slug}?wait=30`, { role });
    await member('ann', 'owner');
    await member('cem', 'member');
    const cem = await world.signIn('cem');
    const room = await cem.is('join', roomId);
    assert.equal(room.name, 'Chess club', 'it keeps its name');
    assert.equal(ben.client.getRoom(roomId)?.getMyMembership(), 'join');
    const confirm = (...more: string[]) =>
      world.service.cli<Held>('rooms', 'confirm-removals', 'group', 'chess', ...more);
    assert.deepEqual((await confirm()).users, [ben.userId]);
    assert.equal(ben.client.getRoom(roomId)?.getMyMembership(), 'join', 'asking removes nobody');
    await confirm('--yes');
    await ben.is('leave', roomId);
    await world.api.good('DELETE', `${path}/link`);
    await ann.sees(roomId, 'the bot leave', (it) => it.getMember(bot)?.membership === 'leave');
    assert.equal(cem.client.getRoom(roomId)?.getMyMembership(), 'join', 'its people keep it');
  });
});
