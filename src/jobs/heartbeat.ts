import type { Database } from '../database/database.ts';
import { deleteHeartbeat, recordHeartbeat, unlockJobsOfDeadWorkers } from './heartbeats.store.ts';
import type { JobLog } from './log.ts';

const interval = 1500;

export interface Heartbeat {
  stop(): Promise<void>;
}

/**
 * Says every 1.5 seconds that this worker lives, and frees the jobs of those that have not said so
 * for 5: the library alone would wait four hours.
 */
export function startHeartbeat(database: Database, workerId: string, log: JobLog): Heartbeat {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let beating = Promise.resolve();

  const tick = async () => {
    try {
      await recordHeartbeat(database, workerId);
      await unlockJobsOfDeadWorkers(database);
    } catch (error) {
      log.warn({ err: error }, 'The heartbeat of the job runner missed a beat');
    }
    if (!stopped) timer = setTimeout(next, interval);
  };
  const next = () => {
    beating = tick();
  };
  next();

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await beating;
      await deleteHeartbeat(database, workerId).catch(() => {});
    },
  };
}
