import assert from 'node:assert/strict';
import { stat, utimes } from 'node:fs/promises';
import { describe, test } from 'vitest';
import { migrations } from './migration.ts';
import { useTerminal } from './terminal.ts';

describe('migration import', () => {
  const terminal = useTerminal();
  const { import: importLines, file, everything, problems } = migrations(terminal);
  const bring = importLines.bind({ file });

  const room = async (slug: string) => {
    const [row] = await terminal.db.query<Record<string, unknown>>(
      `select state, name, topic, origin, strangers, room_id, creator_slug, metadata, alias
        from entities join matrix_rooms on entity = entities.id where entity_slug = $1`,
      [slug],
    );
    return row;
  };
  const role = async (slug: string, member: string) => {
    const [row] = await terminal.db.query<{ role: string | null; event_id: string }>(
      `select role, event_id from memberships m join entities e on e.id = m.room
        where entity_slug = $1 and member = $2`,
      [slug, member],
    );
    return row?.role;
  };

  test('shows what it would do, and does it when told', async () => {
    const lines = `Entity Type,slug,name,topic,creator_slug,matrixRoomId\r
event,party,"The ""Big"" Party","Two\r
lines",ada,!party:matrix.example\r
group,chess,=1+1,,,\r
`;
    const shown = await bring('entities', lines);
    assert.deepEqual([shown.dryRun, shown.lines, shown.changed], [true, 2, 2]);
    assert.equal(await room('party'), undefined);
    const done = await bring('entities', lines, '--apply');
    assert.deepEqual([done.changed, done.problems, done.ignored], [2, [], []]);
    const { metadata, ...party } = (await room('party')) ?? {};
    assert.deepEqual(party, {
      ...{ state: 'active', name: 'The "Big" Party', topic: 'Two\r\nlines', origin: 'imported' },
      ...{ strangers: 'keep', room_id: '!party:matrix.example', creator_slug: 'ada', alias: null },
    });
    assert.equal((metadata as Record<string, unknown>).legacy_room, true);
    const chess = await room('chess');
    assert.deepEqual([chess?.name, chess?.origin, chess?.room_id], ['=1+1', 'made', null]);
    assert.notEqual(chess?.alias, null);
    assert.equal(await role('party', 'ada'), 'creator');
  });

  test('skips what is so already, however often it runs', async () => {
    const lines = 'type,slug,name,roomId\nevent,again,Again,!again:matrix.example\n';
    await bring('entities', lines, '--apply');
    const before = await everything();
    const { changed, present, rollbackFile } = await bring('entities', lines, '--apply');
    assert.deepEqual([changed, present, rollbackFile], [0, 1, undefined]);
    assert.deepEqual(await everything(), before);
  });

  test('lets nobody have a room that is another entity’s, or another tenant’s', async () => {
    await terminal.json('tenants', 'add', '--slug', 'other', '--name', 'Other');
    await bring('entities', 'type,slug,roomId\nevent,mine,!mine:matrix.example\n', '--apply');
    const lines = `type,slug,roomId
group,thief,!mine:matrix.example
group,one,!free:matrix.example
group,two,!free:matrix.example
event,mine,!second:matrix.example
`;
    const here = await bring('entities', lines, '--apply');
    assert.deepEqual(problems(here), [
      [2, 'room_taken'],
      [4, 'duplicate'],
      [5, 'entity_has_room'],
    ]);
    const there = await bring(
      'entities',
      'type,slug,roomId\nevent,mine,!mine:matrix.example\n',
      '--tenant',
      'other',
      '--apply',
    );
    assert.deepEqual(problems(there), [[2, 'room_taken']]);
    assert.deepEqual([await room('thief'), await room('two')], [undefined, undefined]);
  });

  test('names every line that makes no sense, and does the others', async () => {
    const lines = `[{"type":"event","slug":"fine"},
      {"type":"party","slug":"x"}, {"type":"event"}, "event",
      {"type":"event","slug":"bi\\u202Edi"}, {"type":"event","slug":"nul\\u0000"},
      {"type":"event","slug":"fine","name":"Other"},
      {"type":"event","slug":"bad-room","roomId":"!x/../../admin:matrix.example?"},
      {"type":"event","slug":"bad-picture","avatarUrl":"javascript:alert(1)"},
      {"type":"event","slug":{"toString":1}}, {"type":"space","slug":"acme"},
      {"type":"event","slug":"late","occurredAt":"yesterday"},
      {"type":"event","slug":"poor","__proto__":{"name":"x"},"email":"a@b.c"}]`;
    const report = await bring('entities', lines, '--apply');
    assert.deepEqual(problems(report), [
      ...[[2, 'invalid'] as const, [3, 'invalid'] as const, [4, 'unreadable'] as const],
      ...[[5, 'invalid'] as const, [6, 'invalid'] as const, [7, 'duplicate'] as const],
      ...[[8, 'invalid'] as const, [9, 'invalid'] as const, [10, 'invalid'] as const],
      ...[[11, 'invalid'] as const, [12, 'invalid'] as const],
    ]);
    assert.deepEqual(
      [report.lines, report.changed, report.ignored],
      [13, 2, ['__proto__', 'email']],
    );
    assert.equal((await room('poor'))?.name, null);
  });

  test('takes members by their slug, also of entities that are yet to come', async () => {
    const lines = `entity_type,entity_slug,user_slug,role
event,soon,bob,attendee
event,soon,eve,banned
event,soon,bob,attendee
event,soon,eve,organizer
event,soon,joe,owner
event,soon,account:5b1f8f3e-3d0b-4c7e-9a51-0f3c8f6c2d11,attendee
`;
    const report = await bring('members', lines, '--apply');
    assert.deepEqual([report.changed, report.present], [2, 1]);
    assert.deepEqual(problems(report), [
      [5, 'duplicate'],
      [6, 'invalid'],
      [7, 'invalid'],
    ]);
    assert.equal((await room('soon'))?.state, 'awaited');
    assert.deepEqual(
      [await role('soon', 'bob'), await role('soon', 'eve')],
      ['attendee', 'banned'],
    );
  });

  test('never overrules what the platform said later, or with a sequence', async () => {
    await bring('members', 'entityType,entitySlug,userSlug,role\ngroup,talk,a,member\n', '--apply');
    await terminal.db.query(
      `insert into memberships (room, member_tenant_id, member, role, sequence, occurred_at, event_id)
        select id, tenant_id, member, 'admin', sequence, at::timestamptz, 'e1' from entities,
          (values ('b', null, '2026-02-01'), ('c', 7, '2020-01-01'), ('d', null, '2025-12-01'))
            as given (member, sequence, at)
        where entity_slug = 'talk'`,
    );
    const lines = `entityType,entitySlug,userSlug,role,occurredAt
group,talk,b,member,2026-01-31T23:59:59Z
group,talk,c,member,2026-01-31T23:59:59Z
group,talk,d,member,2026-01-31T23:59:59Z
`;
    const report = await bring('members', lines, '--apply');
    assert.deepEqual([report.changed, report.overruled], [1, 2]);
    const roles = await Promise.all(['b', 'c', 'd'].map((member) => role('talk', member)));
    assert.deepEqual(roles, ['admin', 'admin', 'member']);
  });

  test('says what was so when the file was written, not when it was imported', async () => {
    const path = await file('old.csv', 'entityType,entitySlug,userSlug,role\ngroup,old,a,member\n');
    await utimes(path, new Date('2025-01-01'), new Date('2025-01-01'));
    await terminal.json('migration', 'import', path, '--kind', 'members', '--apply');
    await terminal.db.query(
      `update memberships set role = null, occurred_at = '2025-01-02', event_id = 'left'
        where room = (select id from entities where entity_slug = 'old')`,
    );
    await terminal.json('migration', 'import', path, '--kind', 'members', '--apply');
    assert.equal(await role('old', 'a'), null);
  });

  test('says nothing for the future, which would beat all that is said until then', async () => {
    const lines =
      'entityType,entitySlug,userSlug,role,occurredAt\ngroup,soon,z,member,2999-01-01\n';
    await bring('members', lines, '--as-of', '2999-12-31', '--apply');
    const [row] = await terminal.db.query<{ early: boolean }>(
      "select occurred_at <= now() as early from memberships where member = 'z'",
    );
    assert.deepEqual(row, { early: true });
  });

  test('refuses a file that is something else', async () => {
    const cases: [content: string, code: string][] = [
      ['slug,name\nx,y\n', 'import_unreadable'],
      ['', 'import_unreadable'],
      ['\0\0\0\0', 'import_unreadable'],
    ];
    for (const [content, code] of cases) {
      const path = await file('wrong.csv', content);
      const command = ['migration', 'import', path, '--kind', 'entities', '--apply'];
      assert.equal((await terminal.failure(command)).code, code, JSON.stringify(content));
    }
    const command = ['migration', 'import', 'none.csv', '--kind', 'entities'];
    assert.equal((await terminal.failure(command)).code, 'file_unreadable');
  });

  test('reads a byte order mark away, and refuses bytes that are not UTF-8', async () => {
    const lines = Buffer.concat([
      Buffer.from('\uFEFFtype,slug,name\r\nevent,bom,Fine\r\n'),
      Buffer.from('event,latin,caf\xe9\r\n', 'latin1'),
    ]);
    const report = await bring('entities', lines, '--apply');
    assert.deepEqual([report.changed, problems(report)], [1, [[3, 'not_utf8']]]);
  });

  test('tells people in words, and writes audit rows without a name in them', async () => {
    const path = await file('told.csv', 'type,slug,name\nevent,told,Secret Name\nevent,,x\n');
    const shown = await terminal.run(['migration', 'import', path, '--kind', 'entities']);
    assert.match(
      shown.stdout,
      /would be done +1[\s\S]*LINE[\s\S]*3 +invalid +entitySlug[\s\S]*--apply/,
    );
    const done = await terminal.run(['migration', 'import', path, '--kind', 'entities', '--apply']);
    const undo = /migration rollback (\S+) --apply/.exec(done.stdout)?.[1] ?? '';
    assert.equal((await stat(undo)).mode & 0o777, 0o600);
    const rows = await terminal.db.query<{ detail: object }>(
      "select detail from audit where action = 'migration.imported' order by id desc limit 1",
    );
    assert.deepEqual(rows, [{ detail: { kind: 'entities', changes: 1 } }]);
  });
});
