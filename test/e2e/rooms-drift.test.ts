import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { RoomRecord } from '../platform/room-platform.ts';
import { until } from '../support/until.ts';
import { type Chat, contentOf, levelIn } from './chat.ts';
import { type RoomsWorld, startRoomsWorld } from './rooms-world.ts';

type Reconciled = {
  drifted: number;
  mended: number;
  failed: number;
  rooms: { drift: { actions: string[] } }[];
};

describe('what people change in a room by hand', { timeout: 300_000 }, () => {
  let world: RoomsWorld;
  /** Owner, administrator of the platform, member, and somebody who does not belong. */
  let people: { ann: Chat; dora: Chat; ben: Chat; eve: Chat };
  beforeAll(async () => {
    // Only what the tests ask for is compared.
    world = await startRoomsWorld({ env: { MATRIX_RECONCILE_HOURS: '0' } });
    await world.addPeople(['ann', 'dora', 'ben', 'eve']);
    await world.service.cli('accounts', 'set-roles', '@dora', '--role', 'platform.admin');
    const [ann, dora, ben, eve] = await Promise.all([
      world.signIn('ann'),
      world.signIn('dora'),
      world.signIn('ben'),
      world.signIn('eve'),
    ]);
    people = { ann, dora, ben, eve };
  });
  afterAll(() => world?.stop());

  /** Ann's, with Ben in it, and Dora as a guest of honour. */
  async function begin(slug: string): Promise<string> {
    const { ann, dora, ben } = people;
    const order = { entityType: 'group', entitySlug: slug, creatorSlug: 'ann', name: 'Chess' };
    const { roomId } = await world.api.good<RoomRecord>('POST', '/matrix/rooms?wait=30', order);
    assert.ok(roomId);
    const path = `/matrix/rooms/by-entity/group/${slug}/members/ben?wait=30`;
    await world.api.good('PUT', path, { role: 'admin' });
    await Promise.all([ann.is('join', roomId), ben.is('join', roomId)]);
    await ann.client.invite(roomId, dora.userId);
    await dora.client.joinRoom(roomId);
    await dora.is('join', roomId);
    return roomId;
  }

  /** What those with power can do, and should not have done. */
  async function meddle(roomId: string): Promise<void> {
    const { ann, dora, ben, eve } = people;
    await ann.client.setRoomName(roomId, 'Checkers');
    await dora.client.setPowerLevel(roomId, ben.userId, 0);
    await ann.client.kick(roomId, ben.userId, 'You lost');
    await ann.client.invite(roomId, eve.userId);
  }

  async function isMended(roomId: string): Promise<void> {
    const { ann, ben, eve } = people;
    await eve.is('leave', roomId);
    await ben.is('join', roomId);
    await ben.seesLevel(roomId, ben.userId, 50);
    await ann.sees(roomId, 'the name', (room) => room.name === 'Chess');
    assert.equal((await membershipsIn(roomId))[eve.userId], 'leave');
    assert.equal((await membershipsIn(roomId))[people.dora.userId], 'join');
  }

  async function membershipsIn(roomId: string): Promise<Record<string, unknown>> {
    const members = (await world.stateOf(roomId)).filter(({ type }) => type === 'm.room.member');
    return Object.fromEntries(members.map((it) => [it.state_key, it.content.membership]));
  }

  test('is mended by itself within moments, because Synapse reports it', async ({ annotate }) => {
    const roomId = await begin('reported');
    await meddle(roomId);
    const begun = performance.now();
    await isMended(roomId);
    await annotate(`all of it mended after ${Math.round(performance.now() - begun)} ms`);
  });

  test('is that an invited stranger came in, who is taken out again', async () => {
    const { ann, eve } = people;
    const roomId = await begin('stranger');
    await ann.client.invite(roomId, eve.userId);
    await eve.client.joinRoom(roomId).catch(() => {});
    await eve.is('leave', roomId);
    await until(async () => (await membershipsIn(roomId))[eve.userId] === 'leave', {
      what: 'the stranger to be out',
    });
  });

  test('is found and mended by the comparison of all rooms where nothing is reported', async () => {
    const { ann, ben } = people;
    await world.service.kill('SIGTERM');
    world.service.configure({ MATRIX_HS_TOKEN: '' });
    await world.service.restart();
    const roomId = await begin('unheard');
    await meddle(roomId);
    const reconcile = (...options: string[]) =>
      world.service.cli<Reconciled>('rooms', 'reconcile', ...options);
    const dry = await reconcile('--dry-run');
    assert.equal(dry.drifted, 1, JSON.stringify(dry));
    const said = dry.rooms[0]?.drift.actions.join('\n') ?? '';
    for (const words of [/set the name/, /power levels/, /join @ben/, /remove @eve/])
      assert.match(said, words);
    assert.equal(
      (await membershipsIn(roomId))[ben.userId],
      'leave',
      'nothing is changed by asking',
    );
    const room = await ann.sees(roomId, 'the other name', (it) => it.name === 'Checkers');
    assert.equal(levelIn(room, ben.userId), 0);
    assert.equal(contentOf(room, 'm.room.name')?.name, 'Checkers');
    const { drifted, mended, failed } = await reconcile();
    assert.deepEqual({ drifted, mended, failed }, { drifted: 1, mended: 1, failed: 0 });
    await isMended(roomId);
    assert.equal((await reconcile()).drifted, 0);
  });
});
