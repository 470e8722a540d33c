import { runMigrations } from 'graphile-worker';
import type { Database } from './database.ts';

/** Any constant will do, as long as every instance uses the same. */
const migrationLock = 7_614_223;

/**
 * Brings the schema up to date: ours, then the job queue's. Instances that start together take
 * turns by an advisory lock, because concurrent TypeORM migrations crash each other.
 */
export async function migrate(database: Database): Promise<void> {
  const runner = database.dataSource.createQueryRunner();
  try {
    await runner.connect();
    await runner.query('select pg_advisory_lock($1)', [migrationLock]);
    await database.dataSource.runMigrations({ transaction: 'each' });
    await runMigrations({ pgPool: database.pool });
    await runner.query('select pg_advisory_unlock($1)', [migrationLock]);
  } finally {
    await runner.release();
  }
}
