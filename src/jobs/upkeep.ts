import type { Database, Queryable } from '../database/database.ts';
import { addJobCall } from './enqueue.ts';
import { removeReplacedJobs } from './jobs.store.ts';
import type { Task } from './task.ts';

/** Something to do now and then, such as removing expired rows; in batches when it may be much. */
export type Upkeep = (database: Database) => Promise<unknown>;

/**
 * Queues the upkeeps for the next full interval of the database's clock. The key holds that moment,
 * so that all workers together make one job.
 */
export async function scheduleUpkeep(db: Queryable, everySeconds: number): Promise<void> {
  await db.query(
    `select ${addJobCall('upkeep', { at: 'at' }, { run_at: 'to_timestamp(at)' })}
      from (select (floor(extract(epoch from now()) / $1::int) + 1)::bigint * $1::int as at) as slot`,
    [everySeconds],
  );
}

/** Runs all upkeeps, even when one of them fails, and queues the next round first. */
export function upkeepTask(
  database: Database,
  upkeeps: Readonly<Record<string, Upkeep>>,
  everySeconds: number,
): Task {
  return async () => {
    await scheduleUpkeep(database, everySeconds);
    const failures: string[] = [];
    for (const [name, upkeep] of Object.entries({ ...upkeeps, removeReplacedJobs })) {
      try {
        await upkeep(database);
      } catch (error) {
        failures.push(`${name}: ${error instanceof Error ? error.message : error}`);
      }
    }
    if (failures.length > 0) throw new Error(`Upkeep failed (${failures.join('; ')})`);
  };
}
