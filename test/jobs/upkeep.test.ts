import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { addJob } from '../../src/jobs/add-job.store.ts';
import { failedJobs } from '../../src/jobs/jobs.store.ts';
import { until } from '../support/until.ts';
import { openCrew } from './crew.ts';

describe('upkeep', () => {
  let crew: Awaited<ReturnType<typeof openCrew>>;
  beforeEach(async () => {
    crew = await openCrew();
  });
  afterEach(() => crew.close());

  test('happens once an interval, however many workers there are', async () => {
    const times: number[] = [];
    const sweep = async () => void times.push(Math.floor(Date.now() / 1000));
    for (let nth = 0; nth < 3; nth += 1) {
      await crew.hire({ tasks: {}, upkeeps: { sweep }, upkeepSeconds: 1, concurrency: 1 });
    }
    await until(() => times.length >= 3, { what: 'three rounds' });
    assert.equal(new Set(times).size, times.length);
  });

  test('does the other upkeeps when one fails, says so, and comes again', async () => {
    const errors: string[] = [];
    let swept = 0;
    await crew.hire({
      tasks: {},
      upkeeps: {
        broken: async () => {
          throw new Error('no such table');
        },
        sweep: async () => {
          swept += 1;
        },
      },
      upkeepSeconds: 1,
      log: { info() {}, error() {}, warn: (fields) => errors.push(`${(fields as Fields).err}`) },
    });
    await until(() => swept >= 2, { what: 'two rounds' });
    assert.match(errors[0] ?? '', /broken: no such table/);
  });

  test('removes what is left of jobs that failed after they were replaced', async () => {
    let nth = 0;
    await crew.hire({
      tasks: {
        async replaced() {
          nth += 1;
          if (nth > 1) return;
          await addJob(crew.database, 'replaced', {}, { key: 'one' });
          throw new Error('too late');
        },
      },
      upkeepSeconds: 1,
    });
    await addJob(crew.database, 'replaced', {}, { key: 'one' });
    await until(() => nth === 2, { what: 'the newer job' });
    const left = () =>
      crew.database.query("select from graphile_worker.jobs where task_identifier = 'replaced'");
    await until(async () => (await left()).length === 0, { what: 'the older job removed' });
    assert.deepEqual(await failedJobs(crew.database), []);
  });
});

type Fields = { err: Error };
