import type { Command } from 'commander';
import { operator } from '../authority/authority.ts';
import { AppError } from '../errors.ts';
import type { FailedJob } from '../jobs/jobs.store.ts';
import { example } from './example.ts';
import { type Report, table } from './report.ts';
import { type Cli, run } from './run.ts';

const lazy = {
  store: () => import('../jobs/jobs.store.ts'),
  retry: () => import('../jobs/retry.ts'),
};

export function register(noun: Command): void {
  noun
    .command('list')
    .description('List the jobs that were given up on, and count those that wait')
    .addHelpText('after', example('jobs list'))
    .action(
      run(async ({ database }) => {
        const { failedJobs, jobCounts } = await lazy.store();
        return listed(await failedJobs(database), await jobCounts(database));
      }),
    );
  noun
    .command('retry')
    .argument('[job]', 'its id')
    .description('Try a job again that was given up on')
    .option('--all', 'all of them')
    .addHelpText('after', example('jobs retry 1234', 'jobs retry --all'))
    .action(
      run<{ all?: boolean }, [string | undefined]>(async (cli, { all }, id) => {
        const ids = await retry(cli, id, all ?? false);
        const what = ids.length === 1 ? '1 job' : `${ids.length} jobs`;
        return { data: { retried: ids }, text: `Trying ${what} again.` };
      }),
    );
}

/** @throws AppError `job_not_found` (404) also for one that runs right now */
async function retry(cli: Cli, id: string | undefined, all: boolean): Promise<string[]> {
  if (Boolean(id) === all || (id && !/^\d{1,18}$/.test(id))) {
    throw new AppError('bad_input', { message: 'Give the id of one job, or --all.' });
  }
  const { retryJobs } = await lazy.retry();
  const ids = id ? [id] : undefined;
  const retried = await cli.database.transaction((tx) => retryJobs(tx, operator, ids));
  if (retried.length > 0 || all) return retried;
  throw new AppError('job_not_found', {
    message: `There is no job ${id} that could be tried again now.`,
  });
}

function listed(jobs: FailedJob[], { waiting }: { waiting: number }): Report {
  const failed = jobs.map(({ failed_at: failedAt, ...job }) => ({ ...job, failedAt }));
  const rows = failed.map(({ id, task, key, failedAt, error }) => [
    id,
    task,
    key.replace(`${task}:`, ''),
    failedAt,
    error?.split('\n')[0]?.slice(0, 80),
  ]);
  const headings = ['id', 'task', 'of', 'failed', 'error'];
  const text = `${table(headings, rows, 'No job was given up on.')}\n${waiting} waiting.`;
  return { data: { waiting, failed }, text };
}
