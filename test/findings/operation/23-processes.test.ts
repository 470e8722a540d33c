import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { startEmbedded } from '../../../src/database/embedded.ts';
import { plainEnvironment, root } from '../../../synapse/process.ts';
import { freePorts } from '../../support/ports.ts';
import { processesOf, treeOf, untilGone } from '../../support/process-tree.ts';
import { until } from '../../support/until.ts';

const dataDir = newDirectory();
/** Where the account of the server may go, also if we are root. */
function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'openmeet-end-'));
  chmodSync(directory, 0o755);
  return directory;
}

const started: ChildProcess[] = [];
let port: number;

beforeAll(async () => {
  port = (await freePorts(1))[0] as number;
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await untilGone(processesOf(dataDir), 'all of a test');
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

/** On the embedded database, as people begin. */
function run(command: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...plainEnvironment(), DATA_DIR: dataDir, PORT: `${port}`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // As of a terminal: `npm` and what it runs are one group.
    detached: true,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      printed += text;
    });
  }
  started.push(child);
  return { child, pid: child.pid as number, printed: () => printed };
}

const service = (env?: Record<string, string>) => run(process.execPath, ['src/main.ts'], env);
const npmStart = () => run('npm', ['start']);

/** All its processes, with the server, when it serves. */
async function serving({ pid, printed }: ReturnType<typeof run>): Promise<number[]> {
  await until(() => printed().includes('listens on'), { what: 'the service', timeout: 60_000 });
  const pids = [...new Set([...treeOf(pid), ...processesOf(dataDir)])];
  assert.ok(pids.length >= 3, 'node, its watch and PostgreSQL');
  return pids;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const;

describe('nothing is left of the service', () => {
  for (const signal of signals) {
    test(`when it is ended by ${signal}`, async () => {
      const running = service();
      const pids = await serving(running);
      process.kill(running.pid, signal);
      await untilGone(pids, signal);
    });

    test(`when the npm that runs it is ended by ${signal}`, async () => {
      const running = npmStart();
      const pids = await serving(running);
      process.kill(running.pid, signal);
      await untilGone(pids, signal);
    });
  }

  test('when Ctrl-C comes from the terminal, to npm and node at once, and it stops in order', async () => {
    const running = npmStart();
    const pids = await serving(running);
    process.kill(-running.pid, 'SIGINT');
    const [code] = await once(running.child, 'exit');
    assert.equal(code, 0, running.printed());
    await untilGone(pids, 'Ctrl-C');
  });

  test('when the whole group is killed', async () => {
    const running = npmStart();
    const pids = await serving(running);
    process.kill(-running.pid, 'SIGKILL');
    await untilGone(pids, 'the group');
  });

  test('when it is told to end while it still starts', async () => {
    const running = service();
    await until(() => processesOf(dataDir).length > 1, { what: 'PostgreSQL' });
    const pids = [...treeOf(running.pid), ...processesOf(dataDir)];
    running.child.kill('SIGTERM');
    await untilGone(pids, 'a start');
  });
});

describe('nothing is left of a start that fails', () => {
  async function fails(env: Record<string, string>, says: RegExp): Promise<void> {
    const running = service(env);
    const [code] = await once(running.child, 'exit');
    assert.equal(code, 1);
    assert.match(running.printed(), says);
    await untilGone(processesOf(env.DATA_DIR ?? dataDir), 'a start that fails');
  }

  test('because its port is taken', async () => {
    const other: Server = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    try {
      await fails({}, /Port \d+ of 127\.0\.0\.1 is taken/);
    } finally {
      other.close();
    }
  });

  test('because its keys are not those of the database', async () => {
    const key = randomBytes(32).toString('base64');
    await fails({ ENCRYPTION_KEYS: key }, /No key of ENCRYPTION_KEYS opens this value/);
  });

  test('because its database cannot be migrated', async () => {
    const other = newDirectory();
    const embedded = await startEmbedded({ dataDir: other });
    const client = new pg.Client({ connectionString: embedded.url });
    await client.connect();
    await client.query('create table accounts (id int)');
    await client.end();
    await embedded.stop();
    await fails({ DATA_DIR: other }, /relation "accounts" already exists/);
    rmSync(other, { recursive: true });
  });

  test('because its database does not start', async () => {
    const other = newDirectory();
    await (await startEmbedded({ dataDir: other })).stop();
    rmSync(join(other, 'database/data/global'), { recursive: true });
    await fails({ DATA_DIR: other }, /^The embedded PostgreSQL in .* cannot be used\./m);
    rmSync(other, { recursive: true });
  });
});

describe('nothing is left of a command', () => {
  for (const signal of signals) {
    test(`that is ended by ${signal} in the midst of it`, async () => {
      const running = run(process.execPath, ['src/cli/main.ts', 'tenants', 'list']);
      await until(() => processesOf(dataDir).length > 1, { what: 'PostgreSQL' });
      const pids = [...treeOf(running.pid), ...processesOf(dataDir)];
      running.child.kill(signal);
      await untilGone(pids, signal);
    });
  }
});
