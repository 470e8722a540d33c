import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { addJob } from '../../src/jobs/add-job.store.ts';
import { failedJobs, jobCounts, retryJob } from '../../src/jobs/jobs.store.ts';
import { GiveUp } from '../../src/jobs/task.ts';
import { until } from '../support/until.ts';
import { openCrew } from './crew.ts';

describe('jobs', () => {
  let crew: Awaited<ReturnType<typeof openCrew>>;
  beforeEach(async () => {
    crew = await openCrew();
  });
  afterEach(() => crew.close());

  const idle = () =>
    until(async () => (await jobCounts(crew.database)).waiting === 1, { what: 'only upkeep left' });

  test('run when their transaction commits, and never when it does not', async () => {
    const seen: unknown[] = [];
    await crew.hire({ tasks: { note: async (payload) => void seen.push(payload) } });
    const undone = crew.database.transaction(async (tx) => {
      await addJob(tx, 'note', { kept: false });
      throw new Error('rolled back');
    });
    await assert.rejects(undone);
    await crew.database.transaction((tx) => addJob(tx, 'note', { kept: true }));
    await idle();
    assert.deepEqual(seen, [{ kept: true }]);
  });

  test('with one key become one', async () => {
    for (const nth of [1, 2, 3]) await addJob(crew.database, 'note', { nth }, { key: 'same' });
    const seen: unknown[] = [];
    await crew.hire({ tasks: { note: async (payload) => void seen.push(payload) } });
    await idle();
    assert.deepEqual(seen, [{ nth: 3 }]);
  });

  test('of less haste wait for all others', async () => {
    const seen: unknown[] = [];
    for (const priority of [20, 10, 0])
      await addJob(crew.database, 'note', { priority }, { priority });
    await crew.hire({
      tasks: { note: async (payload) => void seen.push(payload) },
      concurrency: 1,
    });
    await idle();
    assert.deepEqual(seen, [{ priority: 0 }, { priority: 10 }, { priority: 20 }]);
  });

  test('of one queue run one after the other', async () => {
    let running = 0;
    let most = 0;
    const note = async () => {
      running += 1;
      most = Math.max(most, running);
      await crew.database.query('select pg_sleep(0.02)');
      running -= 1;
    };
    for (let nth = 0; nth < 4; nth += 1) await addJob(crew.database, 'note', {}, { queue: 'q' });
    await crew.hire({ tasks: { note } });
    await crew.hire({ tasks: { note } });
    await idle();
    assert.equal(most, 1);
  });

  test('are tried again after a failure', async () => {
    const attempts: number[] = [];
    await crew.hire({
      tasks: {
        async flaky(_payload, { attempt }) {
          attempts.push(attempt);
          if (attempt === 1) throw new Error('not yet');
        },
      },
    });
    await addJob(crew.database, 'flaky', {});
    await idle();
    assert.deepEqual(attempts, [1, 2]);
    assert.deepEqual(await failedJobs(crew.database), []);
  });

  test('that were given up on are visible, and can be told to run again', async () => {
    let broken = true;
    let lasts = 0;
    await crew.hire({
      tasks: {
        async hopeless() {
          if (broken) throw new GiveUp('No such room');
        },
        async tired(_payload, { last }) {
          if (last) lasts += 1;
          if (broken) throw new Error('Still down');
        },
      },
    });
    await addJob(crew.database, 'hopeless', {});
    await addJob(crew.database, 'tired', {}, { maxAttempts: 1 });
    // A job's last attempt counts as no longer waiting while it runs.
    const failed = await until(
      async () => {
        const jobs = await failedJobs(crew.database);
        return jobs.length === 2 && jobs;
      },
      { what: 'two failures for good' },
    );
    assert.deepEqual(
      failed.map(({ task, error }) => [task, error]),
      [
        ['hopeless', 'No such room'],
        ['tired', 'Still down'],
      ],
    );
    assert.equal(lasts, 1);
    assert.deepEqual(await jobCounts(crew.database), { waiting: 1, failed: 2 });
    broken = false;
    for (const { id } of failed) assert.equal(await retryJob(crew.database, id), true);
    await idle();
    assert.deepEqual(await failedJobs(crew.database), []);
    assert.equal(await retryJob(crew.database, failed[0]?.id ?? ''), false);
  });

  test('in flight are finished before a worker stops', async () => {
    const { promise: started, resolve: starts } = Promise.withResolvers<void>();
    let done = false;
    const worker = await crew.hire({
      tasks: {
        async slow() {
          starts();
          await crew.database.query('select pg_sleep(0.2)');
          done = true;
        },
      },
    });
    await addJob(crew.database, 'slow', {});
    await started;
    await worker.stop();
    assert.equal(done, true);
    await idle();
    assert.deepEqual(await crew.database.query('select id from worker_heartbeats'), []);
  });

  test('go on after every database connection was cut', async () => {
    const seen: unknown[] = [];
    await crew.hire({ tasks: { note: async (payload) => void seen.push(payload) } });
    await crew.database
      .query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`,
      )
      .catch(() => {});
    await until(
      () =>
        addJob(crew.database, 'note', { after: true }).then(
          () => true,
          () => false,
        ),
      {
        what: 'a new connection',
      },
    );
    await idle();
    assert.deepEqual(seen, [{ after: true }]);
  });

  test('of a worker killed in the middle are done by another within ten seconds', async () => {
    const victim = spawn(process.execPath, [resolve(import.meta.dirname, 'stuck-worker.ts')], {
      env: { DATABASE_URL: crew.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await addJob(crew.database, 'work', {}, { key: 'the work', queue: 'works' });
    await once(victim.stdout, 'data');
    const done = Promise.withResolvers<number>();
    await crew.hire({ tasks: { work: async (_, { attempt }) => done.resolve(attempt) } });
    victim.kill('SIGKILL');
    await once(victim, 'exit');
    const killed = performance.now();
    assert.equal(await done.promise, 2);
    const seconds = (performance.now() - killed) / 1000;
    assert.ok(seconds < 10, `freed after ${seconds} s`);
  });
});
