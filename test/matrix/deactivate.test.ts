import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Interrupted, Interruption } from './interruption.ts';
import { newHandle, openWorld, type World } from './world.ts';

describe('the Matrix user of a deleted account', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  async function deleted({ provisioned = true } = {}) {
    const handle = newHandle();
    const accountId = await world.hold(handle);
    if (provisioned) {
      await world.begin(handle, accountId);
      await world.run('provision-matrix-user', { handle });
    }
    await world.settle(handle, accountId);
    await world.database.query("update handles set state = 'tombstoned' where handle = $1", [
      handle,
    ]);
    await world.database.query("update accounts set status = 'deleted' where id = $1", [accountId]);
    return { handle, accountId };
  }
  const deactivate = (payload: object) => world.run('deactivate-matrix-user', payload);

  test('is deactivated, erased if so wished, and never provisioned again', async () => {
    const { handle, accountId } = await deleted();
    await deactivate({ accountId, erase: true });
    const { deactivated, erased } = (await world.user(handle)) ?? {};
    assert.deepEqual({ deactivated, erased }, { deactivated: true, erased: true });
    await deactivate({ accountId, erase: true });
    assert.equal(await world.begin(handle, accountId), 'conflict');
  });

  test('is deactivated after a crash at any step', async () => {
    for (let nth = 1, died = true; died; nth += 1) {
      const { handle, accountId } = await deleted();
      const crash = new Interruption(nth, 'after');
      died = await world
        .run(
          'deactivate-matrix-user',
          { accountId },
          {
            database: crash.within(world.database),
            synapse: crash.within(world.options.synapse),
          },
        )
        .then(
          () => false,
          (error) => error instanceof Interrupted,
        );
      await deactivate({ accountId });
      assert.equal((await world.user(handle))?.deactivated, true);
    }
  });

  test('is nothing to do where there never was one', async () => {
    const { handle, accountId } = await deleted({ provisioned: false });
    await deactivate({ accountId });
    assert.equal(await world.user(handle), undefined);
  });

  test('is left alone, and reported, when it is not known to be ours', async () => {
    const { handle, accountId } = await deleted({ provisioned: false });
    await world.makeStranger(handle);
    await assert.rejects(deactivate({ accountId }), { name: 'GiveUp' });
    assert.equal((await world.user(handle))?.deactivated, false);
  });

  test('is left alone while the account lives', async () => {
    const handle = newHandle();
    const accountId = await world.hold(handle);
    await world.begin(handle, accountId);
    await world.run('provision-matrix-user', { handle });
    await world.settle(handle, accountId);
    await deactivate({ accountId });
    assert.equal((await world.user(handle))?.deactivated, false);
  });
});
