import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest';
import { startWorker } from '../../src/jobs/worker.ts';
import { waitForProvisioning } from '../../src/matrix/matrix-users.store.ts';
import { Synapse } from '../../src/matrix/synapse.ts';
import { matrixTasks } from '../../src/matrix/tasks.ts';
import { until } from '../support/until.ts';
import { newHandle, openWorld, type World } from './world.ts';

describe('workers that provision', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  async function begin() {
    const handle = newHandle();
    const accountId = await world.hold(handle);
    await world.begin(handle, accountId);
    return { handle, accountId };
  }
  const ready = (user: { handle: string; accountId: string }) =>
    waitForProvisioning(world.database, user);

  test('make a person wait less than five seconds, many at once', async () => {
    const { database } = world;
    for (let nth = 0; nth < 2; nth += 1) {
      const worker = await startWorker({ database, tasks: matrixTasks(world.options) });
      onTestFinished(() => worker.stop());
    }
    const users = await Promise.all(Array.from({ length: 20 }, begin));
    const states = await Promise.all(users.map(ready));
    assert.deepEqual(new Set(states), new Set(['ready']));
  });

  test('lose nothing while Synapse is away', async () => {
    const { database, access, options } = world;
    const { hostname, port } = new URL(access.url);
    const gate = createServer((socket) => {
      const upstream = connect(Number(port), hostname);
      socket.on('error', () => upstream.destroy()).pipe(upstream);
      upstream.on('error', () => socket.destroy()).pipe(socket);
    });
    gate.listen(0, '127.0.0.1');
    await once(gate, 'listening');
    const gatePort = (gate.address() as AddressInfo).port;
    gate.close();
    onTestFinished(() => {
      gate.close();
    });

    const synapse = new Synapse({ ...access, url: `http://127.0.0.1:${gatePort}` });
    const worker = await startWorker({ database, tasks: matrixTasks({ ...options, synapse }) });
    onTestFinished(() => worker.stop());
    const user = await begin();
    const failed = () =>
      database.query('select from graphile_worker.jobs where last_error is not null');
    await until(async () => (await failed()).length > 0, { what: 'a failed attempt' });
    assert.equal(await waitForProvisioning(database, user, { timeoutMs: 0 }), 'pending');
    gate.listen(gatePort, '127.0.0.1');
    assert.equal(await ready(user), 'ready');
  });
});
