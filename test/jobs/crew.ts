import { openDatabase } from '../../src/database/open.ts';
import { startWorker, type WorkerOptions } from '../../src/jobs/worker.ts';
import { testDatabase } from '../support/postgres.ts';

/** A database and the workers on it; all are gone after `close`. */
export async function openCrew() {
  const { url, drop } = await testDatabase();
  const database = await openDatabase({ url, poolSize: 10 });
  const stops: (() => Promise<void>)[] = [];
  return {
    url,
    database,
    async hire(options: Omit<WorkerOptions, 'database'>) {
      const worker = await startWorker({ database, ...options });
      stops.push(() => worker.stop());
      return worker;
    },
    async close() {
      for (const stop of stops) await stop();
      await database.close();
      await drop();
    },
  };
}
