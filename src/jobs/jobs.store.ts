import type { Queryable } from '../database/database.ts';
import { addJobCall } from './enqueue.ts';

export type FailedJob = {
  id: string;
  task: string;
  key: string;
  error: string | null;
  failed_at: Date;
};

/** Jobs that nobody will try again unless told to. */
export function failedJobs(db: Queryable): Promise<FailedJob[]> {
  return db.query<FailedJob>(
    `select id::text, task_identifier as task, key, last_error as error,
        updated_at as failed_at
      from graphile_worker.jobs
      where attempts >= max_attempts and locked_at is null and key is not null
      order by id
      limit 1000`,
  );
}

/** @returns false when there is no such job, or it runs right now */
export async function retryJob(db: Queryable, id: string): Promise<boolean> {
  const rows = await db.query(
    'select from graphile_worker.reschedule_jobs(array[$1::bigint], run_at => now(), attempts => 0)',
    [id],
  );
  return rows.length > 0;
}

/** The lowest number that any job has which could run now and does not; nothing when none waits. */
export async function waitingPriority(db: Queryable): Promise<number | null> {
  const [row] = await db.query<{ priority: number | null }>(
    `select min(priority)::int as priority from graphile_worker.jobs
      where locked_at is null and run_at <= now() and attempts < max_attempts`,
  );
  return row?.priority ?? null;
}

/** Makes the failure of the running attempt the last one. */
export async function giveUpJob(db: Queryable, id: string): Promise<void> {
  await db.query('update graphile_worker._private_jobs set attempts = max_attempts where id = $1', [
    id,
  ]);
}

/** Removes what is left of jobs that failed after a newer one had replaced them. */
export async function removeReplacedJobs(db: Queryable): Promise<void> {
  await db.query(
    `select from graphile_worker.complete_jobs(array(
      select id from graphile_worker.jobs
      where key is null and attempts >= max_attempts and locked_at is null))`,
  );
}

/** How many jobs wait, and how many were given up on: for metrics and the doctor. */
export async function jobCounts(db: Queryable): Promise<{ waiting: number; failed: number }> {
  const [row] = await db.query<{ waiting: number; failed: number }>(
    `select count(*) filter (where attempts < max_attempts)::int as waiting,
        count(*) filter (where attempts >= max_attempts and locked_at is null
          and key is not null)::int as failed
      from graphile_worker.jobs`,
  );
  return row as { waiting: number; failed: number };
}

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
