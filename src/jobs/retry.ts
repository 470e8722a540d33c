import { record } from '../audit/events.ts';
import { type Authority, requireAll, requireChange } from '../authority/authority.ts';
import type { Transaction } from '../database/database.ts';
import { failedJobs, retryJob } from './jobs.store.ts';

/**
 * Tries jobs again that were given up on, but for those that run right now.
 *
 * @param ids all that were given up on unless given
 * @returns those that are tried again
 * @throws AppError `administration_limited`, `administration_read_only` (403)
 */
export async function retryJobs(
  tx: Transaction,
  authority: Authority,
  ids?: readonly string[],
): Promise<string[]> {
  requireChange(authority);
  requireAll(authority);
  const wanted = ids ?? (await failedJobs(tx)).map((job) => job.id);
  const retried = [];
  for (const job of wanted) {
    if (!(await retryJob(tx, job))) continue;
    await record(tx, { action: 'job.retried', actor: authority.actor, target: job });
    retried.push(job);
  }
  return retried;
}
