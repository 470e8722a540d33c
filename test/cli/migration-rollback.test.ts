import assert from 'node:assert/strict';
import { appendFile, chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { migrations } from './migration.ts';
import { useTerminal } from './terminal.ts';

describe('migration rollback', () => {
  const terminal = useTerminal();
  const { import: importLines, file, everything, rollBack } = migrations(terminal);
  const bring = importLines.bind({ file });

  test('sets back exactly what an import changed, in any number of files, newest first', async () => {
    await bring(
      'members',
      'entityType,entitySlug,userSlug,role\nevent,a,ann,organizer\n',
      '--apply',
    );
    await bring('entities', 'type,slug,name\nevent,b,Before\n', '--apply');
    const before = await everything();
    const entities = await bring(
      'entities',
      'type,slug,name,creatorSlug,roomId\nevent,a,A,ann,!a:matrix.example\nevent,b,After,zoe,\nevent,c,C,,\n',
      '--as-of',
      new Date().toISOString(),
      '--apply',
    );
    const members = await bring(
      'members',
      'entityType,entitySlug,userSlug,role\nevent,a,bob,attendee\nevent,d,bob,attendee\n',
      '--apply',
    );
    assert.deepEqual([entities.changed, members.changed], [3, 2]);
    const after = await everything();
    assert.notDeepEqual(after, before);

    const shown = await rollBack(members.rollbackFile);
    assert.deepEqual([shown.dryRun, shown.undone, shown.refused], [true, 3, []]);
    assert.deepEqual(await everything(), after);

    const first = await rollBack(members.rollbackFile, '--apply');
    const second = await rollBack(entities.rollbackFile, '--apply');
    assert.deepEqual([first.refused, second.refused], [[], []]);
    assert.deepEqual(await everything(), before);
    const again = await rollBack(entities.rollbackFile, '--apply');
    assert.deepEqual(
      [again.undone, again.present, again.rollbackFile],
      [0, again.changes, undefined],
    );

    await rollBack(second.rollbackFile, '--apply');
    await rollBack(first.rollbackFile, '--apply');
    assert.deepEqual(await everything(), after);
  });

  test('leaves alone what was changed since, and says so', async () => {
    const { rollbackFile } = await bring(
      'entities',
      'type,slug,name\ngroup,kept,Imported\ngroup,back,Imported\ngroup,full,Imported\n',
      '--apply',
    );
    await terminal.db.query("update entities set name = 'By hand' where entity_slug = 'kept'");
    await bring('members', 'entityType,entitySlug,userSlug,role\ngroup,full,x,member\n', '--apply');
    const report = await rollBack(rollbackFile, '--apply');
    assert.equal(report.undone, 1);
    assert.deepEqual(report.refused.map(({ reason }) => reason).sort(), [
      'changed_since',
      'in_use',
    ]);
    const left = await terminal.db.query(
      "select entity_slug, name from entities where entity_type = 'group' order by 1",
    );
    assert.deepEqual(left, [
      { entity_slug: 'full', name: 'Imported' },
      { entity_slug: 'kept', name: 'By hand' },
    ]);
  });

  test('has files that only their owner can read, whatever the umask', async () => {
    const path = join(terminal.dataDir, 'mine.jsonl');
    process.umask(0);
    await bring('entities', 'type,slug\nevent,mode\n', '--apply', '--rollback-file', path);
    process.umask(0o022);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const other = await bring('entities', 'type,slug\nevent,mode2\n', '--apply');
    assert.equal((await stat(`${other.rollbackFile}`)).mode & 0o777, 0o600);
    assert.equal((await stat(join(terminal.dataDir, 'rollback'))).mode & 0o777, 0o700);
  });

  test('never overwrites a file, and changes nothing where it cannot write one', async () => {
    const lines = await file('one.csv', 'type,slug\nevent,unwritten\n');
    const there = await file('there.jsonl', 'precious');
    const command = ['migration', 'import', lines, '--kind', 'entities', '--apply'];
    const exists = await terminal.failure([...command, '--rollback-file', there]);
    assert.equal(exists.code, 'rollback_file_exists');
    assert.equal(await readFile(there, 'utf8'), 'precious');
    const nowhere = await terminal.failure([
      ...command,
      '--rollback-file',
      join(terminal.dataDir, 'none/x'),
    ]);
    assert.equal(nowhere.code, 'rollback_file_unwritable');
    const rows = await terminal.db.query("select from entities where entity_slug = 'unwritten'");
    assert.equal(rows.length, 0);
  });

  test('leaves no file where nothing was changed', async () => {
    await bring('entities', 'type,slug\nevent,same\n', '--apply');
    const before = await readdir(join(terminal.dataDir, 'rollback'));
    await bring('entities', 'type,slug\nevent,same\n', '--apply');
    await bring('entities', 'type,slug\nevent,other\n');
    assert.deepEqual(await readdir(join(terminal.dataDir, 'rollback')), before);
  });

  test('takes a line that was cut off for one that was never done', async () => {
    const { rollbackFile = '' } = await bring('entities', 'type,slug\nevent,torn\n', '--apply');
    await appendFile(rollbackFile, '{"kind":"room","key":["5b1f8f3e-3d0b');
    const report = await rollBack(rollbackFile, '--apply');
    assert.deepEqual([report.changes, report.undone, report.torn], [1, 1, true]);
  });

  test('takes a change that was written down and never made for undone', async () => {
    const { rollbackFile = '' } = await bring('entities', 'type,slug\nevent,crash\n', '--apply');
    const text = await readFile(rollbackFile, 'utf8');
    await rollBack(rollbackFile, '--apply');
    const before = await everything();
    const copy = await file('copy.jsonl', text);
    const report = await rollBack(copy, '--apply');
    assert.deepEqual([report.undone, report.present], [0, 1]);
    assert.deepEqual(await everything(), before);
  });

  test('refuses files that are not its own', async () => {
    const { rollbackFile = '' } = await bring('entities', 'type,slug\nevent,mine\n', '--apply');
    const [head = '', line = ''] = (await readFile(rollbackFile, 'utf8')).split('\n');
    const foreign = JSON.stringify({
      ...JSON.parse(head),
      installation: '5b1f8f3e-3d0b-4c7e-9a51-0f3c8f6c2d11',
    });
    const cases: [content: string, code: string][] = [
      ['', 'rollback_file_invalid'],
      ['hello\nworld\n', 'rollback_file_invalid'],
      [`${foreign}\n${line}\n`, 'rollback_file_foreign'],
      [
        `${head}\n{"kind":"accounts","key":["x"],"before":null,"after":null}\n`,
        'rollback_file_invalid',
      ],
      [`${head}\n${line.slice(0, 50)}\n${line}\n`, 'rollback_file_invalid'],
    ];
    for (const [content, code] of cases) {
      const path = join(terminal.dataDir, 'foreign.jsonl');
      await writeFile(path, content);
      await chmod(path, 0o600);
      const { code: found } = await terminal.failure(['migration', 'rollback', path, '--apply']);
      assert.equal(found, code, content.slice(0, 60));
    }
  });
});
