import { type Authority, requireAll } from '../authority/authority.ts';
import type { Queryable } from '../database/database.ts';
import { type Condition, type Cursor, type Page, readPage } from '../database/keyset.ts';

export type JobState = 'failed' | 'running' | 'waiting';

export type Job = {
  /** A number, in digits. */
  id: string;
  task: string;
  /** What it is about, by its id. */
  key: string | null;
  state: JobState;
  attempts: number;
  maxAttempts: number;
  error: string | null;
  runAt: Date;
  createdAt: Date;
  updatedAt: Date;
};

const state = `case when j.locked_at is not null then 'running'
  when j.attempts >= j.max_attempts then 'failed' else 'waiting' end`;

/**
 * The queue, by the order in which jobs came.
 *
 * @throws AppError `administration_limited` (403): the work of all tenants is in one queue
 */
export async function listJobs(
  db: Queryable,
  authority: Authority,
  filters: { state?: JobState; task?: string },
  wanted: { descending: boolean; after?: Cursor; limit: number },
): Promise<Page<Job>> {
  requireAll(authority);
  const where: Condition[] = [];
  if (filters.state) where.push([`${state} = ?`, filters.state]);
  if (filters.task) where.push(['j.task_identifier = ?', filters.task]);
  return readPage<Job>(
    db,
    {
      columns: `j.id::text, j.task_identifier as task, j.key, ${state} as state, j.attempts,
        j.max_attempts as "maxAttempts", j.last_error as error, j.run_at as "runAt",
        j.created_at as "createdAt", j.updated_at as "updatedAt"`,
      from: 'graphile_worker.jobs j',
      id: { column: 'j.id', type: 'bigint' },
      sorting: { by: 'j.id', type: 'bigint' },
      descending: wanted.descending,
      where,
    },
    wanted,
  );
}
