import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { newHandle, openWorld, type World } from './world.ts';

describe('the profile of a Matrix user', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  const addresses = async (handle: string) =>
    (await world.user(handle))?.threepids.map(({ address }) => address);
  async function settled(email?: string) {
    const handle = newHandle();
    const accountId = await world.hold(handle);
    await world.begin(handle, accountId);
    await world.run('provision-matrix-user', { handle });
    await world.settle(handle, accountId, email);
    return { handle, accountId };
  }
  const update = (accountId: string) => world.run('update-matrix-profile', { accountId });

  test('gets the name and the proved address of its account', async () => {
    const address = `${newHandle()}@Example.org`;
    const { handle, accountId } = await settled(address);
    await update(accountId);
    assert.equal((await world.user(handle))?.displayname, 'Ann Example');
    assert.deepEqual(await addresses(handle), [address.toLowerCase()]);
  });

  test('follows a changed address, and keeps none that is not proved', async () => {
    const { handle, accountId } = await settled(`${newHandle()}@example.org`);
    await update(accountId);
    const changed = `${newHandle()}@example.org`;
    await world.database.query('update accounts set email = $2, name = $3 where id = $1', [
      accountId,
      changed,
      'Ann Other',
    ]);
    await update(accountId);
    assert.deepEqual(await addresses(handle), [changed]);
    assert.equal((await world.user(handle))?.displayname, 'Ann Other');
    await world.database.query('update accounts set email_verified = false where id = $1', [
      accountId,
    ]);
    await update(accountId);
    assert.deepEqual(await addresses(handle), []);
  });

  test('leaves an address with the other user of the server who has it', async () => {
    const stranger = newHandle();
    const address = `${stranger}@example.org`;
    await world.makeStranger(stranger, { threepids: [{ medium: 'email', address }] });
    const { handle, accountId } = await settled(address);
    await update(accountId);
    assert.deepEqual(await addresses(handle), []);
    assert.deepEqual(await addresses(stranger), [address]);
    assert.equal((await world.user(handle))?.displayname, 'Ann Example');
  });

  test('is not written to a user that is not known to be ours', async () => {
    const handle = newHandle();
    await world.makeStranger(handle, { displayname: 'Someone Else' });
    const accountId = await world.hold(handle);
    await world.settle(handle, accountId);
    await update(accountId);
    assert.equal((await world.user(handle))?.displayname, 'Someone Else');
  });

  test('waits until the user is provisioned', async () => {
    const handle = newHandle();
    const accountId = await world.hold(handle);
    await world.begin(handle, accountId);
    await world.settle(handle, accountId);
    await assert.rejects(update(accountId), /not ready/);
  });
});
