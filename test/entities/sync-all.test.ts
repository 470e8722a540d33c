import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { queueSync } from '../../src/entities/queue-sync.ts';
import { startWorker } from '../../src/jobs/worker.ts';
import { syncAllRoomsTask } from '../../src/matrix/rooms/sync-all.ts';
import { testDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';

let database: Database;
let drop: () => Promise<void>;
const [acme, other] = [randomUUID(), randomUUID()];

beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = await openDatabase({ url: made.url, poolSize: 5 });
  await database.query(
    `insert into tenants (id, slug, name) values ($1, 'acme', 'Acme'), ($2, 'other', 'Other')`,
    [acme, other],
  );
  await database.query(
    `with told as (
        insert into entities (id, tenant_id, entity_type, entity_slug, state)
        select gen_random_uuid(), case when n <= 1200 then $1::uuid else $2::uuid end, 'event',
            'e' || n, 'active'
          from generate_series(1, 1210) n
        returning id, entity_slug)
      insert into matrix_rooms (entity, room_id)
      select id, '!r' || substr(entity_slug, 2) || ':matrix.example' from told`,
    [acme, other],
  );
});
afterAll(async () => {
  await database.close();
  await drop();
});

const jobs = async (task: string) => {
  const [row] = await database.query<{ count: number }>(
    'select count(*)::int from graphile_worker.jobs where task_identifier = $1',
    [task],
  );
  return row?.count;
};

test('all rooms of a tenant are queued by a worker, in batches, and those of no other', async () => {
  const change = () => database.transaction((tx) => queueSync(tx, { tenantIds: [acme] }));
  await change();
  await change();
  assert.deepEqual([await jobs('sync-all-rooms'), await jobs('sync-room')], [1, 0]);
  const tasks = { 'sync-all-rooms': syncAllRoomsTask({ database }) };
  const worker = await startWorker({ database, tasks });
  await until(async () => (await jobs('sync-all-rooms')) === 0, { what: 'the last batch' });
  assert.equal(await jobs('sync-room'), 1200);
  // A room that is worked on right now may have been read before the change.
  await database.query(
    `update graphile_worker._private_jobs set locked_at = now(), locked_by = 'somebody'
      where id = (select min(id) from graphile_worker.jobs where task_identifier = 'sync-room')`,
  );
  await change();
  await until(async () => (await jobs('sync-all-rooms')) === 0, { what: 'the last batch' });
  await worker.stop();
  assert.equal(await jobs('sync-room'), 1201);
});
