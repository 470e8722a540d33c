import { randomUUID } from 'node:crypto';
import type { Queryable } from '../database/database.ts';

export type JobOptions = {
  /**
   * A waiting job with the same key is replaced, so that many reasons for one thing become one job.
   * A job that already runs is left alone and a new one follows it.
   */
  key?: string;
  /**
   * Jobs of one queue run one after the other, up to half a second apart. Few names only: a queue's
   * row is never removed.
   */
  queue?: string;
  runAt?: Date;
  /** Jobs of a lower number come first; 0 unless given. */
  priority?: number;
  /** How often to try, with growing pauses of up to six hours; 100 unless given (three weeks). */
  maxAttempts?: number;
};

/**
 * Queues work of any name in the caller's transaction. What the service does is in the catalogue: see
 * `enqueue`.
 */
export async function addJob(
  tx: Queryable,
  task: string,
  payload: object,
  { key, queue, runAt, priority = 0, maxAttempts = 100 }: JobOptions = {},
): Promise<void> {
  // Each job has a key, because one without is how the library marks a job that was replaced.
  await tx.query(
    `select from graphile_worker.add_job(identifier => $1, payload => $2::json, job_key => $3,
      queue_name => $4, run_at => $5, max_attempts => $6, priority => $7)`,
    [
      task,
      JSON.stringify(payload),
      key ?? `${task}:${randomUUID()}`,
      queue ?? null,
      runAt ?? null,
      maxAttempts,
      priority,
    ],
  );
}
