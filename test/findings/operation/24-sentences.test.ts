import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { fileProblem } from '../../../src/config/file-problem.ts';
import { explainDatabase } from '../../../src/database/explain.ts';
import { listenProblem } from '../../../src/http/listen-problem.ts';
import { plainEnvironment, root } from '../../../synapse/process.ts';
import { freePorts } from '../../support/ports.ts';
import { testDatabase, testServer } from '../../support/postgres.ts';

const secret = 'hunter2-never-shown';
const directory = mkdtempSync(join(tmpdir(), 'openmeet-words-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What a program that cannot do its work leaves on the screen. */
async function said(program: string[], env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, program, {
    cwd: root,
    env: { ...plainEnvironment(), DATA_DIR: directory, NODE_ENV: 'test', ...env },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
  }
  const [code] = await once(child, 'close');
  assert.equal(code, 1, text);
  assert.ok(!text.includes(secret), text);
  assert.ok(!/^\s+at /m.test(text), text);
  assert.ok(text.trim().split('\n').length <= 3, text);
  return text.trim();
}

const service = ['src/main.ts'];
const command = ['src/cli/main.ts', 'tenants', 'list'];

describe('a database that cannot be used is told in one sentence, by the service and by commands', () => {
  let server: URL;
  let other: { port: number; close(): void };
  const role = `openmeet_${randomBytes(4).toString('hex')}`;
  let database: Awaited<ReturnType<typeof testDatabase>>;

  beforeAll(async () => {
    database = await testDatabase({ empty: true });
    server = new URL(await testServer());
    const http = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(http, 'listening');
    other = { port: (http.address() as AddressInfo).port, close: () => http.close() };
    await asAdmin(`create role ${role} login password '${secret}'`);
  });
  afterAll(async () => {
    other.close();
    await database.drop();
    await asAdmin(`drop role ${role}`);
  });

  async function asAdmin(text: string) {
    const client = new pg.Client({ connectionString: server.href });
    await client.connect();
    await client.query(text);
    await client.end();
  }

  const at = (change: (url: URL) => void) => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };
  const asRole = (url: URL) => {
    url.username = role;
    url.password = secret;
  };

  const cases: [what: string, url: () => string | Promise<string>, says: RegExp][] = [
    [
      'nothing answers',
      async () => `postgres://openmeet:${secret}@127.0.0.1:${(await freePorts(1))[0]}/openmeet`,
      /^(error: )?No PostgreSQL answers at 127\.0\.0\.1:\d+: start it, or correct DATABASE_URL\./,
    ],
    [
      'the host is unknown',
      () => `postgres://openmeet:${secret}@nowhere.invalid/openmeet`,
      /No name server knows the host of nowhere\.invalid: correct it in DATABASE_URL\./,
    ],
    [
      'the password is wrong',
      () => at((url) => Object.assign(url, { password: secret })),
      /PostgreSQL refuses the password of the user "\w+": correct it in DATABASE_URL\./,
    ],
    [
      'there is no password',
      () => at((url) => Object.assign(url, { password: '' })),
      /PostgreSQL wants a password of the user "\w+": put it into DATABASE_URL\./,
    ],
    [
      'there is no such database',
      () => at((url) => Object.assign(url, { pathname: '/nowhere' })),
      /There is no database "nowhere" at .+: create it, or correct DATABASE_URL\./,
    ],
    [
      'the user may not make tables',
      () => at(asRole),
      /The user "openmeet_\w+" may not make tables in the database "test_\w+": .+DATABASE_URL\./,
    ],
    [
      'it speaks no TLS',
      () => at((url) => url.searchParams.set('sslmode', 'verify-full')),
      /speaks no TLS: turn it on there, or take sslmode out of DATABASE_URL\./,
    ],
    [
      'it is something else',
      () => `postgres://openmeet:${secret}@127.0.0.1:${other.port}/openmeet`,
      /What answers at .+ may be no PostgreSQL: check DATABASE_URL\./,
    ],
  ];
  for (const [what, url, says] of cases) {
    test(`when ${what}`, async () => {
      const env = { DATABASE_URL: await url() };
      assert.match(await said(service, env), says);
      assert.match(await said(command, env), says);
    });
  }
});

describe('an address that cannot be listened on is told in one sentence', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());

  test('when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const text = await said(service, { DATABASE_URL: database.url, PORT: `${port}` });
    assert.match(text, /^Port \d+ of 127\.0\.0\.1 is taken: .+ set PORT to another\.$/);
    other.close();
  });

  for (const [host, says] of [
    ['192.0.2.1', /^HOST is 192\.0\.2\.1, which is no address of this machine: .+127\.0\.0\.1/],
    ['nowhere.invalid', /^HOST is nowhere\.invalid, which no name server knows: /],
  ] as const) {
    test(`when HOST is ${host}`, async () => {
      assert.match(await said(service, { DATABASE_URL: database.url, HOST: host }), says);
    });
  }

  test('when the port is for root', () => {
    const error = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
    const { message } = listenProblem(error, { host: '0.0.0.0', port: 80 }) ?? assert.fail();
    assert.match(message, /^This user may not listen on port 80: set PORT/);
  });
});

describe('files that cannot be used are told in one sentence', () => {
  test('when DATA_DIR is below a file', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const DATA_DIR = join(file, 'data');
    assert.match(
      await said(service, { DATA_DIR }),
      /encryption key in .+ cannot be used .+DATA_DIR/,
    );
    const ENCRYPTION_KEYS = randomBytes(32).toString('base64');
    for (const program of [service, command]) {
      const text = await said(program, { DATA_DIR, ENCRYPTION_KEYS });
      assert.match(text, /A part of .+ is no directory\..+ DATA_DIR, or set DATABASE_URL/);
    }
  });

  test('when the disk is full, or forbidden', () => {
    const failed = (code: string) =>
      Object.assign(new Error(code), { code, syscall: 'open', path: '/data/x' });
    assert.equal(fileProblem(failed('ENOSPC')), 'The disk of /data/x is full.');
    assert.equal(fileProblem(failed('EACCES')), 'This user may not use /data/x.');
    assert.equal(fileProblem(new Error('ours')), undefined);
  });
});

test('the disk of the server, its connections and its moods have words too', () => {
  const url = `postgres://openmeet:${secret}@db:5433/openmeet`;
  const words = (code: string) => explainDatabase({ code, message: '' }, url)?.message ?? '';
  assert.equal(words('53100'), 'The disk of PostgreSQL at db:5433 is full: make room on it.');
  assert.match(words('53300'), /max_connections, or lower DATABASE_POOL_SIZE/);
  assert.match(words('25006'), /only reads: .+ DATABASE_URL .+ primary/);
  assert.match(words('57P03'), /try again/);
  assert.equal(explainDatabase(new Error('ours'), url), undefined);
});
