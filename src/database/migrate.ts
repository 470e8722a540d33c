import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import { migrations } from '../../migrations/index.ts';
import type { Database, Queryable } from './database.ts';
import { explainDatabase, explained } from './explain.ts';

/** Any constant will do, as long as every instance uses the same. */
const migrationLock = 7_614_223;

type Versions = { schema: string[]; queue: string };

/**
 * Brings the schema up to date: ours, then the job queue's. Instances that start together take
 * turns by an advisory lock, because concurrent TypeORM migrations crash each other. On a database
 * that is up to date this is one query: loading the queue's library would cost 20 MB.
 *
 * @throws AppError `database_unusable` where the server or the user's rights are in the way
 */
export async function migrate(database: Database): Promise<void> {
  try {
    await bringUpToDate(database);
  } catch (error) {
    const { url = '' } = database.dataSource.options as { url?: string };
    throw explainDatabase(error, url) ?? explained(error, url);
  }
}

async function bringUpToDate(database: Database): Promise<void> {
  const wanted = wantedVersions();
  if (isDeepStrictEqual(await appliedVersions(database), wanted)) return;
  const runner = database.dataSource.createQueryRunner();
  try {
    await runner.connect();
    await runner.query('select pg_advisory_lock($1)', [migrationLock]);
    await database.dataSource.runMigrations({ transaction: 'each' });
    const { runMigrations } = await import('graphile-worker');
    await runMigrations({ pgPool: database.pool });
    await runner.query(
      `insert into library_schemas (library, version) values ('graphile-worker', $1)
        on conflict (library) do update set version = excluded.version`,
      [wanted.queue],
    );
    await runner.query('select pg_advisory_unlock($1)', [migrationLock]);
  } finally {
    await runner.release();
  }
}

function wantedVersions(): Versions {
  const require = createRequire(import.meta.url);
  const { version } = require('graphile-worker/package.json') as { version: string };
  return { schema: migrations.map((migration) => new migration().name), queue: version };
}

/** @returns undefined on a database that has no schema of ours yet */
async function appliedVersions(db: Queryable): Promise<Versions | undefined> {
  try {
    const [versions] = await db.query<Versions>(
      `select array(select name::text from migrations order by timestamp) as schema,
        (select version from library_schemas where library = 'graphile-worker') as queue`,
    );
    return versions;
  } catch (error) {
    if ((error as { code?: string }).code === '42P01') return undefined;
    throw error;
  }
}
