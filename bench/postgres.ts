import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../src/database/embedded.ts';
import { root } from '../synapse/process.ts';

export type Postgres = {
  /** The postmaster. */
  pid: number;
  /** @returns its URL */
  makeDatabase(name: string): Promise<string>;
  /** What autovacuum would do in time: plans for tables as they are, and no garbage. */
  tidy(database: string): Promise<void>;
  /** Turns the counting of statements on or off, in connections that exist as well. */
  countStatements(on: boolean): Promise<void>;
  /** Statements that clients of a database sent since the last call, BEGIN and COMMIT included. */
  statementsOf(database: string): Promise<number>;
  stop(): Promise<void>;
};

const settings = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.max': '1000',
  max_connections: '200',
};

/** A PostgreSQL that waits for the disk, on new data that goes with it. */
export async function startPostgres(): Promise<Postgres> {
  const dataDir = join(root, '.cache/bench');
  rmSync(dataDir, { recursive: true, force: true });
  const embedded = await startEmbedded({ dataDir, settings });
  const admin = new pg.Client({ connectionString: embedded.url });
  await admin.connect();
  await admin.query('create extension pg_stat_statements');
  const countStatements = async (on: boolean) => {
    await admin.query(`alter system set pg_stat_statements.track = ${on ? 'top' : 'none'}`);
    await admin.query('select pg_reload_conf()');
  };
  await countStatements(false);
  const lines = readFileSync(join(embedded.directory, 'postmaster.pid'), 'utf8').split('\n');
  return {
    pid: Number(lines[0]),
    async makeDatabase(name) {
      await admin.query(`create database ${name}`);
      return urlOf(embedded.url, name);
    },
    async tidy(database) {
      const client = new pg.Client({ connectionString: urlOf(embedded.url, database) });
      await client.connect();
      await client.query('vacuum analyze');
      await client.end();
    },
    countStatements,
    async statementsOf(database) {
      const { rows } = await admin.query(
        `select coalesce(sum(s.calls), 0)::integer as calls, max(d.oid) as id
          from pg_database d left join pg_stat_statements s on s.dbid = d.oid
          where d.datname = $1`,
        [database],
      );
      await admin.query('select pg_stat_statements_reset(0, $1, 0)', [rows[0].id]);
      return rows[0].calls;
    },
    async stop() {
      await admin.end();
      await embedded.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = database;
  return url.href;
}
