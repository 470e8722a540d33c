import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { settle } from '../entities/rows.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { type MemberRecord, openPlatform, type Platform, pathOf } from './room-platform.ts';

let world: World;
let platform: Platform;

beforeAll(async () => {
  world = await openWorld();
  platform = await openPlatform(world);
});
afterAll(() => world.close());

const memberPath = (slug: string, user: string, type?: string) =>
  `${pathOf(slug, type)}/members/${encodeURIComponent(user)}`;
const put = (slug: string, user: string, role: string) =>
  platform.good<MemberRecord>('PUT', memberPath(slug, user), { role });

async function versionOf(slug: string): Promise<unknown> {
  const [row] = await world.database.query<{ version: string }>(
    'select wanted_version as version from entities where entity_slug = $1',
    [slug],
  );
  return row?.version;
}

describe('a member', () => {
  test('has the level of their role, and may be said to belong before the entity is told of', async () => {
    const first = await put('jazz', 'bea', 'organizer');
    assert.deepEqual([first.role, first.powerLevel, first.override], ['organizer', 50, null]);
    await platform.tell('jazz');
    assert.deepEqual(await platform.members('jazz'), { ada: 'creator', bea: 'organizer' });
    const version = Number(await versionOf('jazz'));
    await put('jazz', 'bea', 'organizer');
    assert.equal(Number(await versionOf('jazz')), version + 1, 'the worker looks who left');
  });

  test('leaves, and leaving twice is leaving once', async () => {
    await platform.tell('left');
    await put('left', 'bea', 'attendee');
    for (const _ of [1, 2]) {
      const gone = await platform.good<MemberRecord>('DELETE', memberPath('left', 'bea'));
      assert.deepEqual([gone.userSlug, gone.role, gone.powerLevel], ['bea', null, null]);
    }
    const never = await platform.good<MemberRecord>('DELETE', memberPath('left', 'nobody'));
    assert.equal(never.role, null);
    const unknown = await platform.refusal('DELETE', memberPath('unknown', 'bea'));
    assert.deepEqual(unknown, [404, 'room_not_found']);
  });

  test('has a role that there is for that kind of entity', async () => {
    await platform.tell('roles');
    for (const role of ['owner', 'event.organizer', 'Creator', 'toString', '']) {
      const [status] = await platform.refusal('PUT', memberPath('roles', 'bea'), { role });
      assert.equal(status, 400, role);
    }
    const [, code] = await platform.refusal('PUT', memberPath('roles', 'bea'), { role: 'owner' });
    assert.equal(code, 'role_unknown');
    const banned = await put('roles', 'bea', 'banned');
    assert.deepEqual([banned.role, banned.powerLevel], ['banned', null]);
  });

  test('may be named by the id of an account or guest of the tenant', async () => {
    await platform.tell('ids');
    const { id } = await world.addPerson();
    await put('ids', `account:${id}`, 'attendee');
    assert.deepEqual(await platform.members('ids'), {
      ...{ ada: 'creator', [`account:${id}`]: 'attendee' },
    });
    const [row] = await world.database.query<{ account: string }>(
      'select account_id as account from memberships where member = $1',
      [`account:${id}`],
    );
    assert.equal(row?.account, id);
    const other = await world.addTenant();
    const foreign = await world.addPerson({ tenantId: other.id });
    for (const who of [randomUUID(), foreign.id, 'x', id.toUpperCase()]) {
      const refused = await platform.refusal('PUT', memberPath('ids', `account:${who}`), {
        role: 'attendee',
      });
      assert.deepEqual(refused, [404, 'account_not_found'], who);
    }
  });

  test('is listed page by page', async () => {
    const slugs = ['dora', 'bea', 'cy', 'eva', 'ada'];
    const members = slugs.map((userSlug) => ({ userSlug, role: 'attendee' }));
    await platform.good('PUT', `${pathOf('paged')}/members`, { members });
    const seen: string[] = [];
    let after = '';
    do {
      type Page = { members: MemberRecord[]; next: string | null };
      const path: string = `${pathOf('paged')}/members?limit=2${after}`;
      const page: Page = await platform.good<Page>('GET', path);
      seen.push(...page.members.map(({ userSlug }) => userSlug));
      after = page.next ? `&after=${page.next}` : '';
    } while (after !== '');
    assert.deepEqual(seen, slugs.toSorted());
    const unknown = await platform.refusal('GET', `${pathOf('unknown')}/members`);
    assert.deepEqual(unknown, [404, 'room_not_found']);
  });
});

test('a list of ten thousand is taken as a whole or not at all', async () => {
  await platform.tell('crowd');
  const members = Array.from({ length: 10_000 }, (_, n) => ({
    ...{ userSlug: `person-${n}`, role: 'attendee' },
  }));
  const path = `${pathOf('crowd')}/members`;
  const counts = await platform.good<Record<string, unknown>>('PUT', path, { members });
  assert.deepEqual([counts.added, counts.removed], [10_000, 1]);
  const wrong = { members: [...members.slice(1), { userSlug: 'x', role: 'king' }] };
  assert.deepEqual(await platform.refusal('PUT', path, wrong), [400, 'role_unknown']);
  const again = await platform.good<Record<string, unknown>>('PUT', path, { members });
  assert.deepEqual([again.unchanged, again.added, again.removed], [10_000, 0, 0]);
});

describe('a level of one’s own', () => {
  const roomId = '!levels:matrix.example';
  const set = (userSlug: string, powerLevel: unknown) => ({
    ...{ roomId, userSlug, powerLevel, tenantId: world.defaultTenantId },
  });
  beforeAll(async () => {
    await platform.tell('levels');
    await settle(world.database, roomId, 'levels');
    await put('levels', 'bea', 'attendee');
    await put('levels', 'mob', 'banned');
  });

  test('holds until the next statement about the role, and through lists that say the same', async () => {
    const given = await platform.good<MemberRecord>('POST', '/matrix/permissions', set('bea', 50));
    assert.deepEqual([given.role, given.powerLevel, given.override], ['attendee', 50, 50]);
    const version = await versionOf('levels');
    await platform.good('POST', '/matrix/permissions', set('bea', 50));
    assert.equal(await versionOf('levels'), version);
    const members = [
      { userSlug: 'ada', role: 'creator' },
      { userSlug: 'bea', role: 'attendee' },
    ];
    await platform.good('PUT', `${pathOf('levels')}/members`, { members });
    assert.equal((await put('levels', 'bea', 'attendee')).override, 50);
    const changed = await put('levels', 'bea', 'organizer');
    assert.deepEqual([changed.powerLevel, changed.override], [50, null]);
  });

  test('may be none at all', async () => {
    const given = await platform.good<MemberRecord>('POST', '/matrix/permissions', set('ada', 0));
    assert.deepEqual([given.role, given.powerLevel, given.override], ['creator', 0, 0]);
  });

  test('is no way to ban, nor for somebody who does not belong', async () => {
    const refused: [unknown, number, string][] = [
      [set('bea', -1), 400, 'power_level_is_no_ban'],
      [set('bea', -2), 400, 'input_invalid'],
      [set('bea', 101), 400, 'input_invalid'],
      [set('bea', 1.5), 400, 'input_invalid'],
      [set('bea', '50'), 400, 'input_invalid'],
      [set('nobody', 50), 404, 'member_not_found'],
      [set('mob', 50), 409, 'member_banned'],
      [{ ...set('bea', 50), roomId: '!none:matrix.example' }, 404, 'room_not_found'],
    ];
    for (const [body, ...expected] of refused) {
      const given = await platform.refusal('POST', '/matrix/permissions', body);
      assert.deepEqual(given, expected, JSON.stringify(body));
    }
  });

  test('above 75 is for clients of all tenants to give', async () => {
    const body = set('ada', 76);
    const forbidden = await platform.refusal('POST', '/matrix/permissions', body);
    assert.deepEqual(forbidden, [403, 'power_level_forbidden']);
    await platform.good('POST', '/matrix/permissions', set('ada', 75));
    const whole = await openPlatform(world, { tenantIds: [], allTenants: true });
    const given = await whole.good<MemberRecord>('POST', '/matrix/permissions', body);
    assert.equal(given.powerLevel, 76);
  });
});
