import { openDatabase } from '../../src/database/open.ts';
import { startWorker } from '../../src/jobs/worker.ts';

/** A process that takes a job and never finishes it, to be killed by a test. */
const database = await openDatabase({ url: process.env.DATABASE_URL ?? '', poolSize: 5 });
await startWorker({
  database,
  tasks: {
    async work() {
      console.log('taken');
      await new Promise(() => {});
    },
  },
});
