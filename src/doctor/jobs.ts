import type { Database } from '../database/database.ts';
import { jobCounts } from '../jobs/jobs.store.ts';
import { livingWorkers, undeliveredMails } from './doctor.store.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

export async function examineJobs(database: Database): Promise<Finding[]> {
  return [await workers(database), await jobs(database), await mails(database)];
}

async function workers(database: Database): Promise<Finding> {
  const count = await livingWorkers(database);
  if (count > 0) return ok('worker', count === 1 ? 'One is alive.' : `${count} are alive.`);
  return failure(
    'worker',
    'None is alive: mail and everything on Matrix waits.',
    'Start a process without --role, or one with --role worker.',
  );
}

async function jobs(database: Database): Promise<Finding> {
  const { waiting, failed } = await jobCounts(database);
  if (failed === 0) return ok('jobs', `${waiting} waiting, none given up on.`);
  return warning(
    'jobs',
    `${failed} were given up on, ${waiting} wait.`,
    'See why with: openmeet-id jobs list; then run: openmeet-id jobs retry --all',
  );
}

async function mails(database: Database): Promise<Finding> {
  const count = await undeliveredMails(database);
  if (count === 0) return ok('delivery', 'No mail was given up on in the last week.');
  return warning(
    'delivery',
    `${count} mails of the last week could not be delivered.`,
    'Their errors are in: openmeet-id jobs list',
  );
}
