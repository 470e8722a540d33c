import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { plainEnvironment, root } from '../../synapse/process.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

export type Output = { code: number; stdout: string; stderr: string };

export type RunOptions = {
  env?: Record<string, string>;
  /** What is typed. */
  input?: string;
};

/** Runs the command line tool as a process of its own. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<Output> {
  const child = spawn(process.execPath, ['src/cli/main.ts', ...args], {
    cwd: root,
    env: { ...plainEnvironment(), ...options.env },
  });
  child.stdin.end(options.input ?? '');
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? -1));
  });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** A database and a data directory for the tests of a file, where no service ever started. */
export function useTerminal() {
  let made: TestDatabase;
  const terminal = {
    env: {} as Record<string, string>,
    dataDir: '',
    db: undefined as unknown as Database,
    /** As people run it. */
    run: (args: readonly string[], options: RunOptions = {}) =>
      runCli(args, { ...options, env: { ...terminal.env, ...options.env } }),
    /**
     * As programs run it.
     * @throws Error with what it said on standard error if it fails
     */
    async json<T>(...args: string[]): Promise<T> {
      const { code, stdout, stderr } = await terminal.run([...args, '--json']);
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    /** Exit code and error code of what must fail, which prints no result. */
    async failure(args: readonly string[], options: RunOptions = {}) {
      const { code, stdout, stderr } = await terminal.run([...args, '--json'], options);
      if (stdout !== '') throw new Error(`${args.join(' ')} printed ${stdout}`);
      const { error } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
      return { exit: code, ...(error as { code: string; message: string }) };
    },
    /** Actions that the operator is on record for, about one target or any. */
    async audited(target?: string): Promise<string[]> {
      const rows = await terminal.db.query<{ action: string }>(
        `select action from audit where actor = 'operator' and target = coalesce($1, target)
          order by id`,
        [target ?? null],
      );
      return rows.map(({ action }) => action);
    },
  };
  beforeAll(async () => {
    made = await testDatabase();
    terminal.dataDir = await mkdtemp(join(tmpdir(), 'openmeet-id-cli-'));
    terminal.db = await openDatabase({ url: made.url, poolSize: 2 });
    terminal.env = {
      NODE_ENV: 'test',
      DATABASE_URL: made.url,
      DATA_DIR: terminal.dataDir,
      MATRIX_SERVER_NAME: 'matrix.example',
      ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
    };
  });
  afterAll(async () => {
    await terminal.db.close();
    await made.drop();
    await rm(terminal.dataDir, { recursive: true, force: true });
  });
  return terminal;
}
