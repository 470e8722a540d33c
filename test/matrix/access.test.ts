import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { newHandle, openWorld, tenantId, type World } from './world.ts';

describe('access to Matrix', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  async function person() {
    const handle = newHandle();
    const accountId = await world.hold(handle);
    await world.begin(handle, accountId);
    await world.run('provision-matrix-user', { handle });
    await world.settle(handle, accountId);
    // A password of its own stands in for a sign-in through us: what counts is the device it makes.
    await world.makeStranger(handle);
    return { handle, accountId };
  }
  const set = (accountId: string, access: string) =>
    world.database.query('update accounts set matrix_access = $2 where id = $1', [
      accountId,
      access,
    ]);
  const sync = (accountId: string) => world.run('sync-matrix-access', { accountId });

  test('ends devices and refuses signing in when it is taken away, and comes back', async () => {
    const { handle, accountId } = await person();
    assert.equal(await world.signIn(handle), true);
    await set(accountId, 'revoked');
    await sync(accountId);
    assert.equal((await world.user(handle))?.locked, true);
    assert.equal(await world.options.synapse.countDevices(world.idOf(handle)), 0);
    assert.equal(await world.signIn(handle), false);
    await sync(accountId);
    await set(accountId, 'active');
    await sync(accountId);
    assert.equal(await world.signIn(handle), true);
  });

  test('is taken from everybody when their tenant is suspended', async () => {
    const { handle, accountId } = await person();
    const status = (value: string) =>
      world.database.query('update tenants set status = $2 where id = $1', [tenantId, value]);
    await status('suspended');
    await sync(accountId);
    await status('active');
    assert.equal((await world.user(handle))?.locked, true);
    await sync(accountId);
    assert.equal((await world.user(handle))?.locked, false);
  });

  test('never locks a user that is a stranger to us, and makes none', async () => {
    const handle = newHandle();
    const accountId = await world.hold(handle);
    await world.settle(handle, accountId);
    await set(accountId, 'revoked');
    await sync(accountId);
    assert.equal(await world.user(handle), undefined);
    await world.makeStranger(handle);
    await assert.rejects(sync(accountId), { name: 'GiveUp' });
    assert.equal((await world.user(handle))?.locked, false);
  });
});
