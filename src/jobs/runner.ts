import { EventEmitter } from 'node:events';
import type { WorkerEventMap } from 'graphile-worker';
import type { Database } from '../database/database.ts';
import { inSpan, type SpanStart } from '../tracing/span.ts';
import { catalogue, type Definition } from './catalogue.ts';
import { startHeartbeat } from './heartbeat.ts';
import { giveUpJob } from './jobs.store.ts';
import type { JobLog } from './log.ts';
import { type AnyTask, GiveUp, type TaskContext } from './task.ts';

type GraphileWorker = typeof import('graphile-worker');

export type RunnerOptions = {
  database: Database;
  tasks: Readonly<Record<string, AnyTask>>;
  concurrency: number;
  log: JobLog;
};

export interface JobRunner {
  /** Settles when no job will be taken any more, and none is in flight. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** One run of the library's worker pool, with its heartbeat. */
export async function startRunner(options: RunnerOptions): Promise<JobRunner> {
  const { database, concurrency, log } = options;
  const library = await import('graphile-worker');
  const events = new EventEmitter();
  const created = new Promise<WorkerEventMap['pool:create']>((resolve) => {
    events.once('pool:create', resolve);
  });
  reportTo(log, events);
  const runner = await library.run({
    pgPool: database.pool,
    concurrency,
    // New jobs come by notification; this is for retries and for the next job of a queue.
    pollInterval: 500,
    taskList: taskList(options),
    parsedCronItems: [],
    noHandleSignals: true,
    events,
    logger: quietLogger(library, log),
    // Without batches the library leaves a failure to complete a job as an unhandled rejection.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  });
  stopWhenStuck(runner, events);
  const { workerPool } = await created;
  const heartbeat = startHeartbeat(database, workerPool.id, log);
  return {
    ended: runner.promise.finally(() => heartbeat.stop()),
    stop: () => runner.stop(),
  };
}

/** Failures in a row, of all its workers together: about three seconds. */
const stuckAfter = 24;

/**
 * The library asks once which tasks there are, and remembers for ever when that failed: such a
 * runner never finds a job again. Whoever started it starts another.
 */
function stopWhenStuck(runner: { stop(): Promise<void> }, events: EventEmitter): void {
  let failures = 0;
  const works = () => {
    failures = 0;
  };
  events.on('worker:getJob:empty', works);
  events.on('job:start', works);
  events.on('worker:getJob:error', () => {
    failures += 1;
    // It may be stopping already.
    if (failures === stuckAfter) runner.stop().catch(() => {});
  });
}

function taskList({ database, tasks }: RunnerOptions) {
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [
      name,
      async (payload: unknown, { job }: import('graphile-worker').JobHelpers) => {
        try {
          const context = {
            jobId: job.id,
            attempt: job.attempts,
            last: job.attempts >= job.max_attempts,
          };
          await inSpan(
            () => jobSpan(name, context),
            () => task(readPayload(name, payload) as never, context),
          );
        } catch (error) {
          if (error instanceof GiveUp) await giveUpJob(database, job.id);
          throw error;
        }
      },
    ]),
  );
}

function readPayload(name: string, payload: unknown): unknown {
  const jobs: Readonly<Record<string, Definition>> = catalogue;
  return Object.hasOwn(jobs, name) ? jobs[name]?.payload.parse(payload) : payload;
}

/** Without the payload and the key: both name people. */
function jobSpan(task: string, { jobId, attempt }: TaskContext): SpanStart {
  return {
    name: `job ${task}`,
    kind: 'consumer',
    attributes: {
      'openmeet.job.task': task,
      'openmeet.job.id': jobId,
      'openmeet.job.attempt': attempt,
    },
  };
}

function reportTo(log: JobLog, events: EventEmitter): void {
  events.on('job:error', ({ job, error }: WorkerEventMap['job:error']) => {
    const last = error instanceof GiveUp || job.attempts >= job.max_attempts;
    const fields = { task: job.task_identifier, job: job.id, attempt: job.attempts, err: error };
    if (last) log.error(fields, 'A job failed for good');
    else log.warn(fields, 'A job failed and will be tried again');
  });
}

/** The library's own words, but for its reports of single jobs: those are ours. */
function quietLogger({ Logger }: GraphileWorker, log: JobLog) {
  return new Logger(() => (level, message, meta) => {
    if (meta && 'job' in meta) return;
    if (level === 'error') log.error({}, message);
    if (level === 'warning') log.warn({}, message);
  });
}
