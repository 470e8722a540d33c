import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { addJob } from '../../src/jobs/add-job.store.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { admin, adminToken } from './admin.ts';

type Job = { id: string; task: string; state: string };

let world: World;
let token: string;

beforeAll(async () => {
  world = await openWorld({ env: { ROLE: 'web' } });
  token = await adminToken(world);
});
afterAll(() => world.close());

const jobs = async (query: string): Promise<Job[]> => {
  const { status, body } = await admin(world, `/jobs?${query}`, { token });
  assert.equal(status, 200, JSON.stringify(body));
  return body.items as Job[];
};

const giveUp = async (key: string) => {
  await addJob(world.database, 'a-task-of-nobody', { secret: 'of the payload' }, { key });
  const [row] = await world.database.query<{ id: string }>(
    `select (graphile_worker.permanently_fail_jobs(array[id], 'gave up')).id::text
      from graphile_worker.jobs where key = $1`,
    [key],
  );
  return row?.id as string;
};

describe('jobs', () => {
  test('are listed by state, without what is in them', async () => {
    const id = await giveUp('one');
    const failed = await jobs('state=failed');
    assert.deepEqual(
      failed.map((job) => job.id),
      [id],
    );
    assert.ok(!JSON.stringify(failed).includes('of the payload'));
  });

  test('are tried again one by one, and all at once, with an audit row each', async () => {
    const ids = [await giveUp('two'), await giveUp('three')];
    const one = await admin(world, `/jobs/${ids[0]}/retry`, { method: 'POST', token });
    assert.deepEqual([one.status, one.body.retried], [200, [ids[0]]]);
    const all = await admin(world, '/jobs/retry', { method: 'POST', token });
    assert.ok((all.body.retried as string[]).includes(ids[1] as string));
    assert.deepEqual(await jobs('state=failed'), []);
    const { body } = await admin(world, '/audit?action=job.retried', { token });
    assert.ok((body.items as unknown[]).length >= 2);
    const none = await admin(world, '/jobs/999999999/retry', { method: 'POST', token });
    assert.deepEqual([none.status, none.body.error], [404, 'job_not_found']);
  });

  test('are shown and tried again by nobody who administers some tenants only', async () => {
    const tenantIds = [world.defaultTenantId];
    const limited = await adminToken(world, { allTenants: false, tenantIds });
    for (const [path, method] of [
      ['/jobs', 'GET'],
      ['/jobs/retry', 'POST'],
      ['/jobs/1/retry', 'POST'],
    ] as const) {
      const { status, body } = await admin(world, path, { method, token: limited });
      assert.deepEqual([status, body.error], [403, 'administration_limited'], path);
    }
  });
});
