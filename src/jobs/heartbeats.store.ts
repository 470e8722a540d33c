import type { Queryable } from '../database/database.ts';

export async function recordHeartbeat(db: Queryable, workerId: string): Promise<void> {
  await db.query(
    `insert into worker_heartbeats (id) values ($1)
      on conflict (id) do update set seen_at = now()`,
    [workerId],
  );
}

export async function deleteHeartbeat(db: Queryable, workerId: string): Promise<void> {
  await db.query('delete from worker_heartbeats where id = $1', [workerId]);
}

/**
 * Frees the jobs of workers that stopped beating, and wakes the others. A worker that was only
 * slow may then run a job beside its new owner: tasks allow for that.
 */
export async function unlockJobsOfDeadWorkers(db: Queryable): Promise<void> {
  await db.query(
    `with alive as (
        select id from worker_heartbeats where seen_at > now() - interval '5 seconds'),
      dead as (
        select array_agg(distinct locked_by) as ids
        from graphile_worker.jobs
        where locked_at < now() - interval '5 seconds' and locked_by not in (select id from alive)),
      forgotten as (
        delete from worker_heartbeats where seen_at < now() - interval '1 hour')
      select graphile_worker.force_unlock_workers(ids), pg_notify('jobs:insert', '{"count":10}')
      from dead where ids is not null`,
  );
}
