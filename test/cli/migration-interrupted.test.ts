import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { root } from '../../synapse/process.ts';
import { until } from '../support/until.ts';
import { migrations } from './migration.ts';
import { useTerminal } from './terminal.ts';

const lines = 6000;

describe('a migration that is killed', () => {
  const terminal = useTerminal();
  const { file, everything, rollBack, import: importLines } = migrations(terminal);

  const members = async () => {
    const [row] = await terminal.db.query<{ count: number }>(
      'select count(*)::int as count from memberships',
    );
    return row?.count ?? 0;
  };
  const rollbackFiles = async () => {
    const directory = join(terminal.dataDir, 'rollback');
    const names = await readdir(directory).catch(() => [] as string[]);
    return names.sort().map((name) => join(directory, name));
  };

  /** Kills a command without a warning as soon as some of its work is done, and not all. */
  async function kill(args: string[], isUnderWay: (count: number) => boolean): Promise<void> {
    const child = spawn(process.execPath, ['src/cli/main.ts', 'migration', ...args, '--apply'], {
      cwd: root,
      env: { PATH: process.env.PATH, ...terminal.env },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    await until(async () => isUnderWay(await members()), { what: 'some of the work', every: 2 });
    child.kill('SIGKILL');
    assert.deepEqual(await ended, [null, 'SIGKILL']);
  }

  test('goes on when run again, and both runs can be undone, if need be in two goes', async () => {
    await importLines.call({ file }, 'entities', 'type,slug\ngroup,g0\n', '--apply');
    const before = await everything();
    const content = Array.from(
      { length: lines },
      (_, at) =>
        `{"entityType":"group","entitySlug":"g${at % 40}","userSlug":"u${at}","role":"member"}\n`,
    );
    const path = await file('many.jsonl', content.join(''));
    const command = ['import', path, '--kind', 'members'];

    const earlier = await rollbackFiles();
    await kill(command, (count) => count > 0);
    const done = await members();
    assert.ok(done > 0 && done < lines, `${done} lines were done`);
    assert.equal(done % 500, 0);
    const [first] = (await rollbackFiles()).filter((name) => !earlier.includes(name));

    const rest = await terminal.json<{ changed: number; present: number; rollbackFile: string }>(
      ...['migration', ...command, '--apply'],
    );
    assert.deepEqual([rest.changed, rest.present], [lines - done, done]);
    assert.equal(await members(), lines);

    await kill(['rollback', rest.rollbackFile], (count) => count < lines);
    assert.ok((await members()) > done);
    const second = await rollBack(rest.rollbackFile, '--apply');
    assert.deepEqual(second.refused, []);
    assert.ok(second.undone > 0 && second.present > 0);
    assert.equal(await members(), done);
    assert.deepEqual((await rollBack(first, '--apply')).refused, []);
    assert.deepEqual(await everything(), before);
  });
});
