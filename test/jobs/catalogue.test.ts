import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest';
import type { Queryable } from '../../src/database/database.ts';
import { addJob } from '../../src/jobs/add-job.store.ts';
import { catalogue, type Definition } from '../../src/jobs/catalogue.ts';
import { addJobCall, enqueue } from '../../src/jobs/enqueue.ts';
import type { Tasks } from '../../src/jobs/task.ts';
import { startService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { openCrew } from './crew.ts';

/** What else is in a key, said by the statement that queues the job. */
const besides: Record<string, string[]> = { 'confirm-room-link': ['sender'] };

describe('the catalogue of jobs', () => {
  let crew: Awaited<ReturnType<typeof openCrew>>;
  beforeAll(async () => {
    crew = await openCrew();
  });
  afterAll(() => crew.close());
  const queued = () =>
    crew.database.query<{ key: string; queue: string | null; priority: number; most: number }>(
      `select key, queue_name as queue, priority, max_attempts as most, payload
        from graphile_worker._private_jobs as jobs
        left join graphile_worker._private_job_queues as queues on queues.id = job_queue_id
        order by jobs.id`,
    );

  test('has all jobs that the worker does, and no other', async () => {
    const synapse = { SYNAPSE_URL: 'http://127.0.0.1:9', MATRIX_ACCESS_TOKEN: 'nobody-asks' };
    const service = await startService({
      databaseUrl: crew.url,
      env: { ROLE: 'worker', ...synapse },
    });
    onTestFinished(async () => void (await service.stop()));
    const known = await until(
      async () => {
        const rows = await crew.database.query<{ identifier: string }>(
          'select identifier from graphile_worker._private_tasks',
        );
        return rows.length > 1 && rows.map(({ identifier }) => identifier).sort();
      },
      { what: 'a worker that has said what it does' },
    );
    assert.deepEqual(known, Object.keys(catalogue).sort());
  });

  test('makes keys and queues of what jobs are about', () => {
    const unknown = Object.entries<Definition>(catalogue).flatMap(([name, { payload, ...job }]) => {
      const known = [...Object.keys(payload.shape), ...(besides[name] ?? [])];
      const missing = [...job.key, ...(job.queue ?? [])].filter((field) => !known.includes(field));
      return missing.map((field) => `${name}: ${field}`);
    });
    assert.deepEqual(unknown, []);
  });

  test('makes one job of what the program and a statement queue', async () => {
    const [room, account] = [randomUUID(), randomUUID()];
    const twice: [(db: Queryable) => Promise<unknown>, string][] = [
      [
        (db) => enqueue(db, 'sync-room', { room, pictureTries: 0 }),
        addJobCall('sync-room', { room: `'${room}'::uuid`, pictureTries: '0' }),
      ],
      [
        (db) => enqueue(db, 'provision-matrix-user', { handle: 'ann', accountId: account }),
        addJobCall('provision-matrix-user', { handle: `'ann'`, accountId: `'${account}'::uuid` }),
      ],
      [
        (db) => enqueue(db, 'backchannel-logout', { clientId: 'app', sub: account, sid: 's' }),
        addJobCall('backchannel-logout', { clientId: `'app'`, sub: `'${account}'`, sid: `'s'` }),
      ],
    ];
    for (const [byProgram, call] of twice) {
      await crew.database.query('delete from graphile_worker._private_jobs');
      await byProgram(crew.database);
      const before = await queued();
      assert.equal(before.length, 1);
      await crew.database.query(`select ${call}`);
      assert.deepEqual(await queued(), before);
    }
  });

  test('reads payloads for the tasks, which see nothing that is not in it', async () => {
    const [accountId, seen] = [randomUUID(), [] as unknown[]];
    await enqueue(crew.database, 'deactivate-matrix-user', { accountId });
    await addJob(crew.database, 'deactivate-matrix-user', { accountId: 'somebody' });
    const tasks: Tasks<'deactivate-matrix-user'> = {
      'deactivate-matrix-user': async (payload) => void seen.push(payload),
    };
    await crew.hire({ tasks });
    const refused = await until(
      async () => {
        const rows = await crew.database.query<{ why: string; payload: object }>(
          'select last_error as why, payload from graphile_worker._private_jobs where attempts > 0',
        );
        return seen.length > 0 && rows[0]?.why ? rows : undefined;
      },
      { what: 'both jobs to be tried' },
    );
    assert.deepEqual(seen, [{ accountId, erase: false }]);
    assert.deepEqual(
      refused.map(({ payload }) => payload),
      [{ accountId: 'somebody' }],
    );
    assert.match(refused[0]?.why ?? '', /Invalid UUID/);
  });
});

/** Never called: `npm run check` complains as soon as one of these compiles. */
void ((db: Queryable) => [
  // @ts-expect-error no such job
  enqueue(db, 'sync-rooms', { room: '' }),
  // @ts-expect-error not its payload
  enqueue(db, 'sync-room', { roomId: '' }),
  // @ts-expect-error too little of its payload
  enqueue(db, 'backchannel-logout', { clientId: '' }),
  // @ts-expect-error no such job
  addJobCall('sync-rooms', { room: 'id' }),
  // @ts-expect-error not its payload
  addJobCall('sync-matrix-access', { account: 'id' }),
  // @ts-expect-error not its payload
  { 'sync-room': async ({ roomId }) => void roomId } satisfies Tasks<'sync-room'>,
]);
