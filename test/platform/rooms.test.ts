import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { settle } from '../entities/rows.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { openPlatform, type Platform, pathOf, type RoomRecord } from './room-platform.ts';

let world: World;
let platform: Platform;

beforeAll(async () => {
  world = await openWorld({ env: { MATRIX_ENCRYPTED_ROOMS: 'organization' } });
  platform = await openPlatform(world);
});
afterAll(() => world.close());

/** Versions of what is wanted, and jobs that wait. */
async function wanted(slug: string): Promise<{ version: number; jobs: number }> {
  const [row] = await world.database.query<{ version: number; jobs: number }>(
    `select wanted_version::int as version, (select count(*)::int from graphile_worker.jobs
        where key = 'sync-room:' || entities.id) as jobs
      from entities where entity_slug = $1`,
    [slug],
  );
  return row as { version: number; jobs: number };
}

describe('an entity that is told of', () => {
  test('has a room record at once, its creator in it, and work for the worker', async () => {
    const body = {
      ...{ entityType: 'event', entitySlug: 'jazz', creatorSlug: 'ada' },
      tenantId: world.defaultTenantId,
    };
    const { status, body: made } = await platform.ask('POST', '/matrix/rooms', body);
    assert.equal(status, 200);
    const { createdAt, updatedAt, ...rest } = made;
    assert.ok(Date.parse(String(createdAt)) <= Date.parse(String(updatedAt)));
    assert.deepEqual(rest, {
      ...{ entityType: 'event', entitySlug: 'jazz', tenantId: world.defaultTenantId },
      ...{ state: 'active', name: 'jazz', topic: null, avatarUrl: null, creatorSlug: 'ada' },
      ...{ encrypted: false, crossTenant: false, roomId: null },
      alias: '#event-default-jazz:matrix.example',
      sync: { state: 'waiting', code: 'provisioning_off', error: null, syncedAt: null },
    });
    assert.deepEqual(await platform.members('jazz'), { ada: 'creator' });
    assert.equal((await wanted('jazz')).jobs, 1);
  });

  test('again is the same: what differs is changed, what is not given stays', async () => {
    const first = await platform.tell('again', { name: 'Jam', topic: 'Bring a horn' });
    const { version } = await wanted('again');
    assert.deepEqual(await platform.tell('again'), first);
    assert.equal((await wanted('again')).version, version, 'nothing to do');
    const renamed = await platform.tell('again', { name: 'Jam session' });
    assert.deepEqual([renamed.name, renamed.topic], ['Jam session', 'Bring a horn']);
    assert.equal((await wanted('again')).version, version + 1);
    await platform.good('DELETE', `${pathOf('again')}/members/ada`);
    await platform.tell('again');
    assert.deepEqual(await platform.members('again'), {}, 'nobody is put back');
  });

  test('makes one room, however many ask at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, n) => platform.tell('rush', { name: `Rush ${n}` })),
    );
    assert.equal(new Set(all.map(({ alias }) => alias)).size, 1);
    const rows = await world.database.query('select from entities where entity_slug = $1', [
      'rush',
    ]);
    assert.equal(rows.length, 1);
  });

  test('is encrypted where its type is, unless told otherwise, and never less', async () => {
    const [plain, type] = ['plain', 'organization'];
    assert.equal((await platform.tell('sealed', { entityType: type })).encrypted, true);
    const open = await platform.tell(plain, { entityType: type, encrypted: false });
    assert.equal(open.encrypted, false);
    await settle(world.database, '!sealed:matrix.example', 'sealed');
    const again = { entityType: type, entitySlug: 'sealed', creatorSlug: 'ada', encrypted: false };
    assert.deepEqual(await platform.refusal('POST', '/matrix/rooms', again), [
      409,
      'encryption_is_permanent',
    ]);
  });

  test('has an alias of its own where another tenant took the plain one', async () => {
    const other = await world.addTenant();
    const there = await openPlatform(world, { tenantIds: [other.id] });
    const [first, second] = [
      await platform.tell('rockets', { entityType: 'workspace' }),
      await there.tell('rockets', { entityType: 'workspace' }),
    ];
    assert.equal(first.alias, '#mosaic-rockets:matrix.example');
    assert.equal(second.alias, `#mosaic-rockets-${other.slug}:matrix.example`);
    const rushed = await Promise.all(
      [platform, there].map((it) => it.tell('comets', { entityType: 'workspace' })),
    );
    assert.equal(new Set(rushed.map(({ alias }) => alias)).size, 2);
  });

  test('is told in full or not at all', async () => {
    const whole = { entityType: 'event', entitySlug: 'x', creatorSlug: 'ada' };
    const bad = [
      { ...whole, entityType: 'space' },
      { ...whole, entitySlug: '' },
      { ...whole, entitySlug: '..' },
      { ...whole, creatorSlug: undefined },
      { ...whole, name: 'a\u202eb' },
      { ...whole, topic: 'x'.repeat(5000) },
      { ...whole, avatarUrl: 'javascript:alert(1)' },
      { ...whole, avatarUrl: 'file:///etc/passwd' },
      { ...whole, encrypted: 'yes' },
      { ...whole, roomId: '!mine:matrix.example' },
      { ...whole, wantedVersion: 0 },
    ];
    for (const body of bad) {
      const refused = await platform.refusal('POST', '/matrix/rooms', body);
      assert.deepEqual(refused, [400, 'input_invalid'], JSON.stringify(body));
    }
  });
});

describe('a room', () => {
  test("is found by its entity and by Matrix's id", async () => {
    await platform.tell('found');
    assert.deepEqual(await platform.refusal('GET', pathOf('unknown')), [404, 'room_not_found']);
    await settle(world.database, '!found/x:matrix.example', 'found');
    const byEntity = await platform.room('found');
    assert.equal(byEntity.roomId, '!found/x:matrix.example');
    assert.equal(byEntity.sync.state, 'done');
    const path = `/matrix/rooms/${encodeURIComponent('!found/x:matrix.example')}`;
    assert.deepEqual(await platform.good('GET', path), byEntity);
    const unknown = `/matrix/rooms/${encodeURIComponent('!none:matrix.example')}`;
    assert.deepEqual(await platform.refusal('GET', unknown), [404, 'room_not_found']);
  });

  test('is found under any slug that a platform may have', async () => {
    for (const slug of ['a/b', 'ä ö', '%2e%2e', '...', 'members', '茶道', "o'clock"]) {
      await platform.tell(slug);
      assert.equal((await platform.room(slug)).entitySlug, slug);
    }
  });

  test('is listed page by page, in one order and once', async () => {
    const tenant = await world.addTenant();
    const there = await openPlatform(world, { tenantIds: [tenant.id] });
    for (const slug of ['c', 'a', 'b']) await there.tell(slug, { entityType: 'group' });
    await there.tell('z');
    await there.good('DELETE', pathOf('b', 'group'));
    type Page = { rooms: RoomRecord[]; next: string | null };
    const seen: string[] = [];
    let after = '';
    do {
      const page: Page = await there.good('GET', `/matrix/rooms?limit=2${after}`);
      seen.push(...page.rooms.map((it) => `${it.entityType}/${it.entitySlug}`));
      after = page.next ? `&after=${page.next}` : '';
    } while (after !== '');
    assert.deepEqual(seen, ['event/z', 'group/a', 'group/c']);
    const deleted = await there.good<Page>('GET', '/matrix/rooms?state=deleted&entityType=group');
    assert.deepEqual(
      deleted.rooms.map((it) => it.entitySlug),
      ['b'],
    );
    for (const query of ['after=x', 'after=WzFd', 'limit=0', 'limit=501', 'state=lost']) {
      assert.equal((await there.refusal('GET', `/matrix/rooms?${query}`))[0], 400, query);
    }
  });

  test('changes in what is given; null takes a field away', async () => {
    await platform.tell('patched', { name: 'One', topic: 'Some' });
    const patched = await platform.good<RoomRecord>('PATCH', pathOf('patched'), {
      ...{ name: 'Two', topic: null, avatarUrl: 'https://events.example/jazz.png' },
    });
    assert.deepEqual(
      [patched.name, patched.topic, patched.avatarUrl],
      ['Two', null, 'https://events.example/jazz.png'],
    );
    const cancelled = await platform.good<RoomRecord>('PATCH', pathOf('patched'), {
      state: 'cancelled',
    });
    assert.deepEqual([cancelled.state, cancelled.name], ['cancelled', 'Two']);
    const told = await platform.tell('patched');
    assert.equal(told.state, 'cancelled', 'being told of again does not call it off');
    const on = await platform.good<RoomRecord>('PATCH', pathOf('patched'), { state: 'active' });
    assert.equal(on.state, 'active');
    for (const body of [{ state: 'deleted' }, { creatorSlug: 'eve' }, { alias: '#x:y' }]) {
      const refused = await platform.refusal('PATCH', pathOf('patched'), body);
      assert.deepEqual(refused, [400, 'input_invalid']);
    }
    const unknown = await platform.refusal('PATCH', pathOf('unknown'), { name: 'x' });
    assert.deepEqual(unknown, [404, 'room_not_found']);
  });

  test('that was deleted stays so until its entity begins anew, without its old members', async () => {
    await platform.tell('ended');
    await platform.good('PUT', `${pathOf('ended')}/members/bea`, { role: 'attendee' });
    const ended = await platform.good<RoomRecord>('DELETE', `${pathOf('ended')}?purge=true`);
    assert.equal(ended.state, 'deleted');
    assert.deepEqual(await platform.members('ended'), {});
    const { version } = await wanted('ended');
    await platform.good('DELETE', pathOf('ended'));
    assert.equal((await wanted('ended')).version, version, 'deleting twice is deleting once');
    const [row] = await world.database.query<{ purge: boolean }>(
      "select purge from entities where entity_slug = 'ended'",
    );
    assert.equal(row?.purge, true, 'and the first order to purge holds');
    const late = { role: 'attendee' };
    for (const [method, path, body] of [
      ['PATCH', pathOf('ended'), { name: 'x' }],
      ['PUT', `${pathOf('ended')}/members/cy`, late],
      ['PUT', `${pathOf('ended')}/members`, { members: [{ userSlug: 'cy', ...late }] }],
    ] as const) {
      assert.deepEqual(await platform.refusal(method, path, body), [409, 'room_deleted']);
    }
    // As if another instance, whose clock is ahead, had said it.
    await world.database.query(
      `update memberships set occurred_at = now() + interval '1 minute' where member = 'bea'`,
    );
    await platform.tell('ended', { creatorSlug: 'bea' });
    await platform.good('DELETE', pathOf('ended'));
    const anew = await platform.tell('ended', { creatorSlug: 'cy' });
    assert.equal(anew.state, 'active');
    assert.deepEqual(await platform.members('ended'), { cy: 'creator' });
  });
});

test('every change of a room is on record, by ids only', async () => {
  await platform.tell('recorded', { name: 'A secret party' });
  await platform.good('PATCH', pathOf('recorded'), { topic: 'x' });
  await platform.good('PUT', `${pathOf('recorded')}/members/bea`, { role: 'organizer' });
  await platform.good('DELETE', `${pathOf('recorded')}/members/bea`);
  await platform.good('PUT', `${pathOf('recorded')}/members`, { members: [] });
  await platform.good('DELETE', pathOf('recorded'));
  const rows = await world.database.query<{ action: string; detail: object }>(
    `select action, detail from audit
      where target = (select id::text from entities where entity_slug = 'recorded') order by id`,
  );
  assert.deepEqual(
    rows.map(({ action }) => action),
    ['told', 'changed', 'member_set', 'member_removed', 'members_set', 'deleted'].map(
      (it) => `room.${it}`,
    ),
  );
  assert.doesNotMatch(JSON.stringify(rows), /party|bea/);
});
