import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { MatrixError } from 'matrix-js-sdk';
import type { Device } from './matrix.ts';
import { join, password } from './newcomer.ts';
import { startWorld, type World } from './world.ts';

/** User-interactive authentication of the Matrix client-server API, as Element goes through it. */
describe('confirming to a Matrix client that it is still oneself', { timeout: 120_000 }, () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.stop());

  /** Asks to remove a device, and gives the address that the client opens for the person. */
  const askToRemove = async (device: Device, deviceId: string) => {
    const refusal = await device.client.deleteDevice(deviceId).catch((error: MatrixError) => error);
    const { session, flows } = (refusal as MatrixError).data as {
      session: string;
      flows: { stages: string[] }[];
    };
    assert.deepEqual(flows, [{ stages: ['m.login.sso'] }]);
    const page = device.client.getFallbackAuthUrl('m.login.sso', session);
    return { page, finish: () => device.client.deleteDevice(deviceId, { session }) };
  };

  test('removes another device', async () => {
    const ann = await world.newPerson();
    const old = await ann.signUp({ email: 'ann@example.org', name: 'Ann', handle: 'ann' });
    await ann.beginSignIn();
    const device = await ann.arrive();
    const { page, finish } = await askToRemove(device, old.id);
    await ann.page.goto(page);
    assert.equal(await ann.heading(), 'Confirm that it’s you');
    await ann.follow('Continue with OpenMeet');
    assert.equal(await ann.heading(), 'Thank you');
    await finish();
    assert.ok(!(await old.alive()));
    assert.ok(await device.alive());
  });

  test('does not count when it is somebody else', async () => {
    await join(world, { email: 'ben@example.org', name: 'Ben', handle: 'ben', password });
    await join(world, { email: 'eve@example.org', name: 'Eve', handle: 'eve', password });
    const [ben, eve] = await Promise.all([world.newPerson(), world.newPerson()]);
    const device = await ben.signIn('ben', password);
    await eve.signIn('eve', password);
    const { page, finish } = await askToRemove(device, device.id);
    await eve.page.goto(page);
    await eve.follow('Continue with OpenMeet');
    assert.equal(await eve.heading(), 'That is another account');
    await assert.rejects(finish);
    assert.ok(await device.alive());
  });
});
