import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type EventResult, pathOf } from '../platform/room-platform.ts';
import { until } from '../support/until.ts';
import { type Chat, contentOf, refusalOf, say } from './chat.ts';
import { type RoomsWorld, startRoomsWorld } from './rooms-world.ts';

describe('an event', { timeout: 300_000 }, () => {
  let world: RoomsWorld;
  let people: { creator: Chat; organizer: Chat; attendee: Chat };
  beforeAll(async () => {
    world = await startRoomsWorld();
    await world.addPeople(['ann', 'ben', 'cem']);
    const [creator, organizer, attendee] = await Promise.all([
      world.signIn('ann'),
      world.signIn('ben'),
      world.signIn('cem'),
    ]);
    people = { creator, organizer, attendee };
  });
  afterAll(() => world?.stop());

  /** As a platform reports what happened, which must have done something. */
  async function happens(type: string, entitySlug: string, more: object = {}): Promise<void> {
    const event = { id: randomUUID(), type, occurredAt: new Date(), entitySlug, ...more };
    const path = '/events?wait=30';
    const { results } = await world.api.good<{ results: EventResult[] }>('POST', path, event);
    assert.deepEqual(
      results.map(({ outcome, sync }) => [outcome, sync?.state]),
      [['applied', 'done']],
      JSON.stringify(results),
    );
  }

  /** Ann's, with Ben and Cem in it. */
  async function begin(slug: string): Promise<string> {
    await happens('event.created', slug, { creatorSlug: 'ann', name: `The ${slug}` });
    await happens('event.attendee.added', slug, { userSlug: 'ben', newRole: 'organizer' });
    await happens('event.attendee.added', slug, { userSlug: 'cem' });
    const { roomId } = await world.api.room(slug);
    assert.ok(roomId);
    await Promise.all(Object.values(people).map((chat) => chat.is('join', roomId)));
    return roomId;
  }

  test('begins: its creator is inside, with a room as it was told of, others come without a click', async () => {
    const { creator, attendee } = people;
    const told = { creatorSlug: 'ann', name: 'Jazz night', topic: 'Bring a horn' };
    await happens('event.created', 'jazz', told);
    const { roomId, alias } = await world.api.room('jazz');
    assert.ok(roomId);
    assert.equal(alias, '#event-default-jazz:matrix.example');
    await creator.is('join', roomId);
    const room = await creator.seesLevel(roomId, creator.userId, 75);
    assert.equal(room.name, 'Jazz night');
    assert.equal(contentOf(room, 'm.room.topic')?.topic, 'Bring a horn');
    assert.equal(room.getCanonicalAlias(), alias);
    assert.equal((await creator.client.getRoomIdForAlias(alias)).room_id, roomId);
    assert.equal(room.getJoinRule(), 'invite');
    const { entity_type, entity_slug, created_by } =
      contentOf(room, 'com.openmeet.room.metadata') ?? {};
    assert.deepEqual([entity_type, entity_slug, created_by], ['event', 'jazz', 'ann']);
    assert.equal(attendee.client.getRoom(roomId), null);
    await happens('event.attendee.added', 'jazz', { userSlug: 'cem' });
    await attendee.is('join', roomId);
    await say(attendee.client, roomId, 'Hello');
    await creator.sees(roomId, 'what was said', (it) =>
      it.timeline.some((event) => event.getContent().body === 'Hello'),
    );
  });

  test('has roles, and levels that hold until the next role, seen within moments', async ({
    annotate,
  }) => {
    const { attendee } = people;
    const roomId = await begin('roles');
    const begun = performance.now();
    const change = { entityType: 'event', userSlug: 'cem' };
    await happens('user.role.changed', 'roles', { ...change, newRole: 'organizer' });
    await attendee.seesLevel(roomId, attendee.userId, 50);
    await annotate(`role to the level in the client: ${Math.round(performance.now() - begun)} ms`);
    const level = { roomId, userSlug: 'cem', powerLevel: 60 };
    await world.api.good('POST', '/matrix/permissions', level);
    await attendee.seesLevel(roomId, attendee.userId, 60);
    await happens('event.updated', 'roles', { topic: 'Something else' });
    const room = await attendee.sees(
      roomId,
      'the topic',
      (it) => contentOf(it, 'm.room.topic')?.topic === 'Something else',
    );
    assert.equal(room.getMember(attendee.userId)?.powerLevel, 60);
    await happens('user.role.changed', 'roles', { ...change, newRole: 'attendee' });
    await attendee.seesLevel(roomId, attendee.userId, 0);
  });

  test('lets go of whoever is removed, who may be added again', async () => {
    const { organizer, attendee } = people;
    const roomId = await begin('removal');
    await happens('event.attendee.removed', 'removal', { userSlug: 'cem' });
    await attendee.is('leave', roomId);
    await organizer.sees(roomId, 'who is left', (it) => it.getJoinedMemberCount() === 3);
    assert.equal(await refusalOf(say(attendee.client, roomId, 'Still here')), 'M_FORBIDDEN');
    await happens('event.attendee.added', 'removal', { userSlug: 'cem' });
    await attendee.is('join', roomId);
  });

  test('keeps out whoever is banned, also when a person with power invites them', async () => {
    const { creator, attendee } = people;
    const roomId = await begin('ban');
    const change = { entityType: 'event', userSlug: 'cem' };
    await happens('user.role.changed', 'ban', { ...change, newRole: 'banned' });
    await attendee.is('ban', roomId);
    const invitation = creator.client.invite(roomId, attendee.userId);
    assert.equal(await refusalOf(invitation), 'M_BAD_STATE');
    assert.equal(await refusalOf(attendee.client.joinRoom(roomId)), 'M_BAD_STATE');
    const banOnSynapse = async () => {
      const state = await world.stateOf(roomId);
      const member = state.find(({ state_key: key }) => key === attendee.userId);
      return member?.content.membership === 'ban' && member.event_id;
    };
    const first = await banOnSynapse();
    await creator.client.unban(roomId, attendee.userId);
    await creator.client.invite(roomId, attendee.userId).catch(() => {});
    const isBannedAgain = async () => {
      const ban = await banOnSynapse();
      return ban && ban !== first;
    };
    await until(isBannedAgain, { what: 'another ban', timeout: 45_000 });
    await happens('user.role.changed', 'ban', { ...change, newRole: 'attendee' });
    await attendee.is('join', roomId);
  });

  test('that is cancelled is read by all, and written to by those who lead it', async () => {
    const { creator, organizer, attendee } = people;
    const roomId = await begin('rained-off');
    await happens('event.cancelled', 'rained-off');
    const write = (chat: Chat) => refusalOf(say(chat.client, roomId, 'A pity'));
    assert.equal(await write(attendee), 'M_FORBIDDEN');
    assert.deepEqual([await write(organizer), await write(creator)], [undefined, undefined]);
    await attendee.sees(
      roomId,
      'both messages',
      (it) => it.timeline.filter((event) => event.getContent().body === 'A pity').length === 2,
    );
    await world.api.good('PATCH', `${pathOf('rained-off')}?wait=30`, { state: 'active' });
    assert.equal(await write(attendee), undefined);
  });

  test('that is deleted lets everybody out and its alias go; told of again it begins anew', async () => {
    const { creator, organizer, attendee } = people;
    const roomId = await begin('brief');
    const { alias } = await world.api.room('brief');
    await happens('event.deleted', 'brief');
    await Promise.all([creator, organizer, attendee].map((chat) => chat.is('leave', roomId)));
    const resolve = () => creator.client.getRoomIdForAlias(alias ?? '');
    assert.equal(await refusalOf(resolve()), 'M_NOT_FOUND');
    await happens('event.created', 'brief', { creatorSlug: 'ann' });
    const { room_id: next } = await resolve();
    assert.notEqual(next, roomId);
    await creator.is('join', next);
    await happens('event.attendee.added', 'brief', { userSlug: 'cem' });
    await attendee.is('join', next);
    assert.equal(organizer.client.getRoom(next), null, 'who belonged before does so no longer');
    assert.equal(creator.client.getRoom(roomId)?.getMyMembership(), 'leave');
  });
});
