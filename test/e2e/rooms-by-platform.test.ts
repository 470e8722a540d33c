import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { furnish, type World } from '../oidc/world.ts';
import { addMachine, tokenOf } from '../platform/api.ts';
import {
  type EventResult,
  type MemberRecord,
  type Platform as Program,
  pathOf,
  platformWith,
  type RoomRecord,
} from '../platform/room-platform.ts';
import { type Platform, startPlatform } from '../support/platform.ts';

/** A platform's program, the service with its worker, and a real Synapse. */
let platform: Platform;
let world: World;
let program: Program;

beforeAll(async () => {
  platform = await startPlatform();
  world = await furnish(platform.service);
  const machine = await addMachine(world, {
    tenantIds: [world.defaultTenantId],
    scopes: ['rooms:read', 'rooms:write', 'members:write', 'events:write'],
  });
  program = platformWith(world, await tokenOf(world, machine));
  for (const name of ['ada', 'bea']) {
    await platform.service.cli(
      ...['accounts', 'add', '--email', `${name}@mail.example`, '--name', name],
      ...['--handle', `${name}.rooms`, '--platform-slug', name],
    );
  }
});
afterAll(async () => {
  await world.database.close();
  await platform.stop();
});

type State = { type: string; state_key: string; content: Record<string, unknown> };

const onSynapse = <T>(roomId: string, what: string) =>
  platform.synapse.admin<T>(
    'GET',
    `/_synapse/admin/v1/rooms/${encodeURIComponent(roomId)}/${what}`,
  );

async function personIn(roomId: string, handle: string) {
  const { state } = await onSynapse<{ state: State[] }>(roomId, 'state');
  const user = `@${handle}:matrix.example`;
  const levels = state.find(({ type }) => type === 'm.room.power_levels')?.content;
  const member = state.find((it) => it.type === 'm.room.member' && it.state_key === user);
  return {
    membership: member?.content.membership,
    level: (levels?.users as Record<string, number>)[user] ?? 0,
  };
}

describe('what a platform says by the API', () => {
  test('is so on Matrix when the answer says that it is', async () => {
    const body = { entityType: 'event', entitySlug: 'jazz', creatorSlug: 'ada', name: 'Jazz' };
    const room = await program.good<RoomRecord>('POST', '/matrix/rooms?wait=30', body);
    assert.equal(room.sync.state, 'done', JSON.stringify(room));
    const roomId = room.roomId ?? '';
    const { state } = await onSynapse<{ state: State[] }>(roomId, 'state');
    const content = (type: string) => state.find((it) => it.type === type)?.content;
    assert.equal(content('m.room.name')?.name, 'Jazz');
    assert.equal(content('m.room.canonical_alias')?.alias, room.alias);
    assert.deepEqual(content('com.openmeet.room.metadata'), {
      ...{ entity_type: 'event', entity_slug: 'jazz', created_by: 'ada' },
      tenant_id: world.defaultTenantId,
    });
    assert.deepEqual(await personIn(roomId, 'ada.rooms'), { membership: 'join', level: 75 });

    const path = `${pathOf('jazz')}/members/bea?wait=30`;
    const added = await program.good<RoomRecord>('PUT', path, { role: 'attendee' });
    assert.equal(added.sync.state, 'done');
    assert.deepEqual(await personIn(roomId, 'bea.rooms'), { membership: 'join', level: 0 });

    const level = { roomId, userSlug: 'bea', powerLevel: 25 };
    await program.good<MemberRecord>('POST', '/matrix/permissions?wait=30', level);
    assert.equal((await personIn(roomId, 'bea.rooms')).level, 25);

    const events = [
      {
        ...{ id: 'e1', type: 'user.role.changed', occurredAt: new Date().toISOString() },
        ...{ entityType: 'event', entitySlug: 'jazz', userSlug: 'bea', newRole: 'organizer' },
      },
    ];
    const { results } = await program.good<{ results: EventResult[] }>('POST', '/events?wait=30', {
      events,
    });
    assert.deepEqual([results[0]?.outcome, results[0]?.sync?.state], ['applied', 'done']);
    assert.equal((await personIn(roomId, 'bea.rooms')).level, 50);

    const ended = await program.good<RoomRecord>('DELETE', `${pathOf('jazz')}?wait=30`);
    assert.deepEqual([ended.state, ended.alias, ended.sync.state], ['deleted', null, 'done']);
    assert.deepEqual((await onSynapse<{ members: string[] }>(roomId, 'members')).members, []);
  });
});
