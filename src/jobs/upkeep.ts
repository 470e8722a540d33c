import type { Database } from '../database/database.ts';
import { removeReplacedJobs, scheduleUpkeep } from './jobs.store.ts';
import type { Task } from './task.ts';

/** Something to do now and then, such as removing expired rows; in batches when it may be much. */
export type Upkeep = (database: Database) => Promise<unknown>;

/** Runs all upkeeps, even when one of them fails, and queues the next round first. */
export function upkeepTask(
  database: Database,
  upkeeps: Readonly<Record<string, Upkeep>>,
  everySeconds: number,
): Task<'upkeep'> {
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
