import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import type { ImportReport } from '../../src/handles/import.ts';
import { useTerminal } from './terminal.ts';

type Answer = { available: boolean; reason?: string };

describe('handles', () => {
  const terminal = useTerminal();

  test('a reserved handle is nobody’s any more', async () => {
    assert.equal((await terminal.json<Answer>('handles', 'check', 'tea.master')).available, true);
    await terminal.json('handles', 'reserve', 'tea.master', 'board.member', '--yes');
    const answer = await terminal.json<Answer>('handles', 'check', '@Tea.Master:matrix.example');
    assert.deepEqual([answer.available, answer.reason], [false, 'taken']);
    const entry = await terminal.json<{ state: string }>('handles', 'show', 'tea.master');
    assert.equal(entry.state, 'tombstoned');
    assert.deepEqual(await terminal.audited(), []);
    const [{ count }] = (await terminal.db.query<{ count: number }>(
      "select count(*)::int as count from audit where action = 'handles.imported'",
    )) as [{ count: number }];
    assert.equal(count, 1);
  });

  test('all of the handles are reserved, or none', async () => {
    const add = ['accounts', 'add', '--email', 'a@example.org', '--name', 'A', '--handle', 'ada.b'];
    await terminal.json(...add);
    const { exit, code } = await terminal.failure([
      'handles',
      'reserve',
      'nobody1',
      'ada.b',
      '--yes',
    ]);
    assert.deepEqual([exit, code], [1, 'handle_unavailable']);
    assert.equal((await terminal.failure(['handles', 'show', 'nobody1'])).code, 'handle_not_found');
  });

  test('an import shows first and does only when told', async () => {
    const file = join(terminal.dataDir, 'handles.csv');
    await writeFile(file, 'handle\n@Old_Timer:matrix.example\nada_old\n@x:other.example\n');
    const shown = await terminal.json<ImportReport>('handles', 'import', file);
    assert.deepEqual([shown.dryRun, shown.added, shown.conflicts.length], [true, 2, 1]);
    assert.equal((await terminal.failure(['handles', 'show', 'ada_old'])).exit, 1);
    const done = await terminal.json<ImportReport>('handles', 'import', file, '--apply');
    assert.deepEqual(
      [done.dryRun, done.added, done.conflicts[0]?.reason],
      [false, 2, 'other_server'],
    );
    const again = await terminal.json<ImportReport>('handles', 'import', file, '--apply');
    assert.deepEqual([again.added, again.present], [0, 2]);
    const { stdout } = await terminal.run(['handles', 'import', file]);
    assert.match(stdout, /3 handles: 0 would be added, 2 there already, 1 left out\.\nLINE/);
  });

  test('a file that cannot be understood is refused as a whole', async () => {
    const file = join(terminal.dataDir, 'broken.json');
    await writeFile(file, '[{"handle": "fine1"}, {}]');
    const { exit, code } = await terminal.failure(['handles', 'import', file, '--apply']);
    assert.deepEqual([exit, code], [2, 'handle_import_unreadable']);
    assert.equal(
      (await terminal.failure(['handles', 'import', 'gone.csv'])).code,
      'file_unreadable',
    );
  });
});
