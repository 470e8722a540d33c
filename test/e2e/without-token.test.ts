import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { password } from './newcomer.ts';
import { startWorld, type World } from './world.ts';

describe('without a token for the homeserver', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ provisions: false });
  });
  afterAll(() => world?.stop());

  test('the first sign-in makes the Matrix user, with name and address, and the next finds it', async () => {
    const ann = await world.newPerson();
    const email = 'ann@example.org';
    const device = await ann.signUp({ email, name: 'Ann Exämple', handle: 'ann', password });
    assert.equal(device.userId, '@ann:matrix.example');
    const user = await world.matrixUser('ann');
    assert.equal(user.displayname, 'Ann Exämple');
    assert.deepEqual(
      user.threepids.map(({ address }) => address),
      [email],
    );
    assert.deepEqual(
      user.external_ids.map((id) => id.auth_provider),
      ['oidc-openmeet'],
    );
    const elsewhere = await world.newPerson();
    assert.equal((await elsewhere.signIn('ann', password)).userId, device.userId);
  });
});
