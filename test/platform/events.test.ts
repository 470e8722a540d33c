import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { settle } from '../entities/rows.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { type EventResult, openPlatform, type Platform, pathOf } from './room-platform.ts';

let world: World;
let platform: Platform;
let serial = 0;

beforeAll(async () => {
  world = await openWorld();
  platform = await openPlatform(world);
});
afterAll(() => world.close());

/** On some day of January 2026. */
function event(type: string, day: number, more: object): { id: string } & Record<string, unknown> {
  serial += 1;
  const occurredAt = `2026-01-${String(day).padStart(2, '0')}T12:00:00+01:00`;
  return { id: `event-${serial}`, type, occurredAt, ...more };
}

const outcomes = (results: EventResult[]) => results.map((it) => it.code ?? it.outcome);

describe('events', () => {
  test('tell the whole life of an event', async () => {
    const jazz = { entitySlug: 'jazz' };
    const results = await platform.report(
      event('event.created', 1, { ...jazz, name: 'Jazz', creatorSlug: 'ada' }),
      event('event.attendee.added', 2, { ...jazz, userSlug: 'bea' }),
      event('event.attendee.added', 2, { ...jazz, userSlug: 'cy', newRole: 'attendee' }),
      event('user.role.changed', 3, {
        ...{ ...jazz, entityType: 'event', userSlug: 'bea' },
        ...{ oldRole: 'attendee', newRole: 'organizer' },
      }),
      event('event.attendee.removed', 4, { ...jazz, userSlug: 'cy' }),
      event('event.updated', 5, { ...jazz, topic: 'Bring a horn' }),
      event('event.cancelled', 6, jazz),
    );
    assert.deepEqual(
      outcomes(results),
      results.map(() => 'applied'),
    );
    const room = await platform.room('jazz');
    assert.deepEqual([room.name, room.topic, room.state], ['Jazz', 'Bring a horn', 'cancelled']);
    assert.deepEqual(await platform.members('jazz'), { ada: 'creator', bea: 'organizer' });
    await platform.report(event('event.deleted', 7, jazz));
    assert.equal((await platform.room('jazz')).state, 'deleted');
  });

  test('of members come before the entity itself, which then has them', async () => {
    const early = { entitySlug: 'early', userSlug: 'bea' };
    const [result] = await platform.report(event('event.attendee.added', 2, early));
    assert.equal(result?.outcome, 'applied');
    assert.equal(result?.sync?.code, 'entity_unknown');
    assert.equal((await platform.room('early')).state, 'awaited');
    await platform.tell('early');
    assert.deepEqual(await platform.members('early'), { ada: 'creator', bea: 'attendee' });
  });

  test('count once: a second time they do nothing, whatever they say then', async () => {
    const added = event('group.member.added', 3, { entitySlug: 'once', userSlug: 'bea' });
    const changed = { ...added, newRole: 'owner', occurredAt: '2026-01-09T00:00:00Z' };
    const results = await platform.report(added, added, changed);
    assert.deepEqual(outcomes(results), ['applied', 'duplicate', 'duplicate']);
    assert.deepEqual(outcomes(await platform.report(added)), ['duplicate']);
    assert.deepEqual(await platform.members('once', 'group'), { bea: 'member' });
  });

  test('are stale after a newer one; a sequence says more than a time', async () => {
    const of = (day: number, newRole: string, sequence?: number) =>
      event('group.member.added', day, {
        ...{ entitySlug: 'order', userSlug: 'bea', newRole, sequence },
      });
    const results = await platform.report(
      of(5, 'admin'),
      of(4, 'owner'),
      of(1, 'member', 7),
      of(9, 'owner'),
      of(2, 'admin', 6),
    );
    assert.deepEqual(outcomes(results), ['applied', 'stale', 'applied', 'stale', 'stale']);
    assert.deepEqual(await platform.members('order', 'group'), { bea: 'member' });
  });

  test('from the future count as now, so that later ones are not lost', async () => {
    const at = (occurredAt: string, type: string) => ({
      ...event(type, 1, { entitySlug: 'future', userSlug: 'bea' }),
      occurredAt,
    });
    await platform.report(at('2999-01-01T00:00:00Z', 'group.member.added'));
    const removed = at(new Date(Date.now() + 60_000).toISOString(), 'group.member.removed');
    assert.deepEqual(outcomes(await platform.report(removed)), ['applied']);
    assert.deepEqual(await platform.members('future', 'group'), {});
  });

  test('that are bad are rejected one by one, and may be mended and sent again', async () => {
    const group = { entitySlug: 'mixed', userSlug: 'bea' };
    const added = event('group.member.added', 2, group);
    const wrong = {
      ...event('group.member.added', 2, { ...group, userSlug: 'cy' }),
      newRole: 'king',
    };
    const results = await platform.report(
      ...[added, wrong],
      event('group.member.exploded', 2, group),
      event('event.member.added', 2, group),
      event('group.member.added', 2, { ...group, entityType: 'event' }),
      event('group.member.added', 2, { entitySlug: 'mixed' }),
      event('user.role.changed', 2, { ...group, entityType: 'group' }),
      event('user.role.changed', 2, { ...group, entityType: 'space', newRole: 'member' }),
      { ...event('group.created', 2, group), occurredAt: 'yesterday' },
      { ...event('group.created', 2, group), occurredAt: '2026-01-01T00:00:00' },
      { ...event('group.created', 2, group), occurredAt: '0000-01-01T00:00:00Z' },
      { ...event('group.created', 2, group), occurredAt: '9999-12-31T23:59:59-23:59' },
      { ...event('group.created', 2, group), sequence: 2 ** 60 },
      { ...event('group.created', 2, group), sequence: -1 },
      event('group.member.added', 2, { ...group, userSlug: 'account:nobody' }),
      event('group.member.added', 2, {
        ...{ ...group, userSlug: `account:${world.defaultTenantId}` },
      }),
      'not an event' as unknown as object,
      null as unknown as object,
      { tenantId: 'x' },
    );
    const unknown = 'event_type_unknown';
    assert.deepEqual(outcomes(results), [
      ...['applied', 'role_unknown', unknown, unknown, 'entity_type_conflict'],
      ...['field_missing', 'field_missing', 'field_missing'],
      ...Array(6).fill('input_invalid'),
      ...['account_not_found', 'account_not_found'],
      ...Array(3).fill('input_invalid'),
    ]);
    assert.deepEqual(outcomes(await platform.report({ ...wrong, newRole: 'owner' })), ['applied']);
    assert.deepEqual(await platform.members('mixed', 'group'), { bea: 'member', cy: 'owner' });
  });

  test('come alone or by the thousand, and no more at once', async () => {
    const alone = event('group.created', 1, { entitySlug: 'alone' });
    const { results } = await platform.good<{ results: EventResult[] }>('POST', '/events', alone);
    assert.deepEqual([results.length, results[0]?.outcome], [1, 'applied']);
    const many = Array.from({ length: 1000 }, (_, n) =>
      event('group.member.added', 1, { entitySlug: `many-${n % 50}`, userSlug: `person-${n}` }),
    );
    const all = await platform.report(...many);
    assert.ok(all.every(({ outcome }) => outcome === 'applied'));
    assert.equal(Object.keys(await platform.members('many-7', 'group')).length, 20);
    const refused = await platform.refusal('POST', '/events', { events: [...many, alone] });
    assert.deepEqual(refused, [400, 'input_invalid']);
  });

  test('leave Synapse alone where they change nothing', async () => {
    await platform.report(event('group.created', 1, { entitySlug: 'calm', name: 'Calm' }));
    const version = async () =>
      world.database.query("select wanted_version from entities where entity_slug = 'calm'");
    const before = await version();
    const again = event('group.updated', 2, { entitySlug: 'calm', name: 'Calm' });
    assert.deepEqual(outcomes(await platform.report(again)), ['applied']);
    assert.deepEqual(await version(), before);
    const older = event('group.updated', 1, { entitySlug: 'calm', name: 'Wild' });
    assert.deepEqual(
      outcomes(await platform.report(older)),
      ['stale'],
      'but the statement is known',
    );
  });
});

describe('a role over a whole tenant', () => {
  const roles = async (id: string) => {
    const rows = await world.database.query<{ roles: string[] }>(
      'select roles from accounts where id = $1',
      [id],
    );
    return rows[0]?.roles;
  };
  const over = (entityType: string, day: number, userSlug: string, newRole: string | null) =>
    event('user.role.changed', day, { entityType, userSlug, newRole });

  async function somebody(platformSlug: string): Promise<string> {
    const { id } = await world.addPerson();
    await world.database.query('update accounts set platform_slug = $2 where id = $1', [
      id,
      platformSlug,
    ]);
    return id;
  }

  test('is given and taken by the newest statement, and looks at all rooms of the tenant', async () => {
    const id = await somebody('tess');
    await platform.tell('governed');
    await settle(world.database, '!governed:matrix.example', 'governed');
    await world.database.query("delete from graphile_worker._private_jobs where key like 'sync-%'");
    const given = await platform.report(over('tenant', 3, 'tess', 'admin'));
    assert.deepEqual(outcomes(given), ['applied']);
    assert.deepEqual(await roles(id), ['tenant.admin']);
    const jobs = await world.database.query(
      "select from graphile_worker.jobs where key = 'sync-all-rooms:' || $1",
      [world.defaultTenantId],
    );
    assert.equal(jobs.length, 1);
    const results = await platform.report(
      over('tenant', 2, 'tess', null),
      over('tenant', 5, 'tess', 'member'),
      over('tenant', 4, 'tess', 'admin'),
    );
    assert.deepEqual(outcomes(results), ['stale', 'applied', 'stale']);
    assert.deepEqual(await roles(id), []);
  });

  test('waits for whoever has no account yet, and follows the slug', async () => {
    await platform.report(over('tenant', 3, 'later', 'admin'));
    const scopes = ['accounts:write'];
    const accounts = await openPlatform(world, { scopes });
    const [first, second] = [await world.addPerson(), await world.addPerson()];
    const name = (id: string, platformSlug: string | null) =>
      accounts.good('PUT', `/accounts/${id}/platform`, { platformUserId: null, platformSlug });
    await name(first.id, 'later');
    assert.deepEqual(await roles(first.id), ['tenant.admin']);
    await name(first.id, null);
    await name(second.id, 'later');
    assert.deepEqual([await roles(first.id), await roles(second.id)], [[], ['tenant.admin']]);
  });

  test('over everything is only for a client of all tenants to give', async () => {
    const id = await somebody('root');
    const given = over('platform', 3, 'root', 'admin');
    assert.deepEqual(outcomes(await platform.report(given)), ['platform_role_forbidden']);
    const whole = await openPlatform(world, { tenantIds: [], allTenants: true });
    const there = { ...given, tenantId: world.defaultTenantId };
    assert.deepEqual(outcomes(await whole.report(there)), ['applied']);
    assert.deepEqual(await roles(id), ['platform.admin']);
    const nobody = { ...over('platform', 3, 'nobody', 'admin'), tenantId: world.defaultTenantId };
    assert.deepEqual(outcomes(await whole.report(nobody)), ['account_not_found']);
    const odd = over('tenant', 3, 'root', 'owner');
    assert.deepEqual(outcomes(await platform.report(odd)), ['role_unknown']);
  });
});

test('a list of members says the same as the events would', async () => {
  await platform.tell('listed', { entityType: 'group', creatorSlug: 'ada' });
  await platform.report(
    event('group.member.added', 1, { entitySlug: 'listed', userSlug: 'bea' }),
    event('group.member.added', 1, { entitySlug: 'listed', userSlug: 'mob', newRole: 'banned' }),
  );
  const members = [
    { userSlug: 'ada', role: 'owner' },
    { userSlug: 'cy', role: 'admin' },
  ];
  const path = `${pathOf('listed', 'group')}/members`;
  const { sync, ...counts } = await platform.good<Record<string, unknown>>('PUT', path, {
    members,
  });
  assert.ok(sync);
  assert.deepEqual(counts, { added: 1, changed: 0, removed: 1, unchanged: 1 });
  assert.deepEqual(await platform.members('listed', 'group'), {
    ...{ ada: 'owner', cy: 'admin', mob: 'banned' },
  });
  const late = event('group.member.added', 2, { entitySlug: 'listed', userSlug: 'bea' });
  assert.deepEqual(outcomes(await platform.report(late)), ['stale'], 'the list was said later');
});
