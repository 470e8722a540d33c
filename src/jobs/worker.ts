import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { scheduleUpkeep } from './jobs.store.ts';
import { type JobLog, silentLog } from './log.ts';
import { type JobRunner, startRunner } from './runner.ts';
import type { AnyTask } from './task.ts';
import { type Upkeep, upkeepTask } from './upkeep.ts';

export type WorkerOptions = {
  database: Database;
  tasks: Readonly<Record<string, AnyTask>>;
  /** Run every `upkeepSeconds` by one of all workers. */
  upkeeps?: Readonly<Record<string, Upkeep>>;
  upkeepSeconds?: number;
  /** Jobs at once; the worker also keeps one connection of the pool to listen on. 4 unless given. */
  concurrency?: number;
  log?: JobLog;
};

export interface Worker {
  /** Takes no further job and waits for those in flight. */
  stop(): Promise<void>;
}

/**
 * Runs jobs on the shared pool until stopped. The library ends its runner when the database goes
 * away at a bad moment: then another is started, and its heartbeat frees what the first one held.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { database, upkeeps = {}, upkeepSeconds = 60, concurrency = 4, log = silentLog } = options;
  const tasks = { ...options.tasks, upkeep: upkeepTask(database, upkeeps, upkeepSeconds) };
  const stopping = new AbortController();
  const run = () => startRunner({ database, tasks, concurrency, log });

  await scheduleUpkeep(database, upkeepSeconds);
  let runner: JobRunner | undefined = await run();
  const supervision = (async () => {
    while (!stopping.signal.aborted) {
      try {
        runner ??= await run();
        if (stopping.signal.aborted) await runner.stop();
        await runner.ended;
      } catch (error) {
        log.error({ err: error }, 'The job runner ended');
      }
      runner = undefined;
      await delay(1000, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();

  return {
    async stop() {
      stopping.abort();
      await runner
        ?.stop()
        .catch((error) => log.warn({ err: error }, 'The job runner stopped badly'));
      await supervision;
    },
  };
}
