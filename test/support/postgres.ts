import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';

const root = resolve(import.meta.dirname, '../..');

export type TestDatabase = {
  url: string;
  drop(): Promise<void>;
};

let server: Promise<string> | undefined;
let template: Promise<string> | undefined;

/**
 * The URL of a server where databases can be made: TEST_DATABASE_URL, or the embedded one, shared
 * by all test processes and stopped by the last of them.
 */
export function testServer(): Promise<string> {
  server ??= startServer();
  return server;
}

async function startServer(): Promise<string> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return given;
  const holder = spawn(process.execPath, [join(import.meta.dirname, 'postgres-server.ts')], {
    // Ctrl-C must not reach it before the tests have ended.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const [said] = await once(createInterface(holder.stdout), 'line');
  if (!said.startsWith('postgres:')) throw new Error(said);
  // It must not keep this process alive: it ends when this one does.
  holder.unref();
  (holder.stdin as Socket).unref();
  (holder.stdout as Socket).unref();
  return said;
}

/** A fresh database with the schema of today; `empty` leaves it without any. */
export async function testDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const url = await testServer();
  template ??= empty ? undefined : makeTemplate(url);
  const source = empty ? 'template0' : await template;
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await asAdmin(url, (admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${source}`));
  return {
    url: withName(url, name),
    drop: () =>
      asAdmin(url, async (admin) => {
        await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
}

/** Migrated once for each content of the migrations; marked as a template when it is complete. */
async function makeTemplate(url: string): Promise<string> {
  const name = `template_${schemaHash()}`;
  await asAdmin(url, async (admin) => {
    await admin.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
    const found = await admin.query('SELECT datistemplate FROM pg_database WHERE datname = $1', [
      name,
    ]);
    if (found.rows[0]?.datistemplate) return;
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    const database = await openDatabase({ url: withName(url, name), poolSize: 3 });
    try {
      await migrate(database);
    } finally {
      await database.close();
    }
    await admin.query(`ALTER DATABASE ${name} IS_TEMPLATE true`);
  });
  return name;
}

function schemaHash(): string {
  const hash = createHash('sha256');
  const sources = globSync('migrations/**/*', { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const queue = join(root, 'node_modules/graphile-worker/package.json');
  for (const path of [...sources.sort(), queue]) hash.update(path).update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}

async function asAdmin<T>(url: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function withName(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = name;
  return changed.href;
}
