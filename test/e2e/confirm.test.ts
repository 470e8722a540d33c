import assert from 'node:assert/strict';
import type { MatrixError } from 'matrix-js-sdk';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { ProviderBlock } from '../../src/matrix/provider-block.ts';
import type { PlatformOptions } from '../support/platform.ts';
import type { Device } from './matrix.ts';
import { join, password } from './newcomer.ts';
import { startWorld, type World } from './world.ts';

/** Asks to remove a device, and gives the address that the client opens for the person. */
async function askToRemove(device: Device, deviceId: string) {
  const refusal = await device.client.deleteDevice(deviceId).catch((error: MatrixError) => error);
  const { session, flows } = (refusal as MatrixError).data as {
    session: string;
    flows: { stages: string[] }[];
  };
  assert.deepEqual(flows, [{ stages: ['m.login.sso'] }]);
  const page = device.client.getFallbackAuthUrl('m.login.sso', session);
  return { page, finish: () => device.client.deleteDevice(deviceId, { session }) };
}

/** User-interactive authentication of the Matrix client-server API, as Element goes through it. */
describe('confirming to a Matrix client that it is still oneself', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  test('removes another device', async () => {
    const ann = await world.newPerson();
    const old = await ann.signUp({ email: 'ann@example.org', name: 'Ann', handle: 'ann' });
    await ann.beginSignIn();
    const device = await ann.arrive();
    const { page, finish } = await askToRemove(device, old.id);
    await ann.page.goto(page);
    assert.equal(await ann.heading(), 'Confirm that it’s you');
    await ann.follow('Continue with OpenMeet');
    assert.equal(await ann.heading(), 'Confirm it’s you', 'being signed in is no proof');
    await ann.press('Email me a code instead');
    await ann.enterCode('ann@example.org');
    assert.equal(await ann.heading(), 'Thank you');
    await finish();
    assert.ok(!(await old.alive()));
    assert.ok(await device.alive());
  });

  test('does not count when it is somebody else, who can try again as the right one', async () => {
    await join(world, { email: 'ben@example.org', name: 'Ben', handle: 'ben', password });
    await join(world, { email: 'eve@example.org', name: 'Eve', handle: 'eve', password });
    const [ben, eve] = await Promise.all([world.newPerson(), world.newPerson()]);
    const device = await ben.signIn('ben', password);
    await eve.signIn('eve', password);
    const { page, finish } = await askToRemove(device, device.id);
    await eve.page.goto(page);
    await eve.follow('Continue with OpenMeet');
    await eve.send({ password });
    assert.equal(await eve.heading(), 'That is another account');
    await assert.rejects(finish);
    assert.ok(await device.alive());
    await eve.follow('Try again');
    assert.equal(await eve.heading(), 'Confirm that it’s you');
    await eve.follow('Continue with OpenMeet');
    await eve.follow('Not you? Use another account');
    await eve.send({ email: 'ben', password });
    assert.equal(await eve.heading(), 'Thank you');
    await finish();
    assert.ok(!(await device.alive()));
  });

  test('tells the client’s own window, which opened it as a pop-up', async () => {
    await join(world, { email: 'gil@example.org', name: 'Gil', handle: 'gil', password });
    const gil = await world.newPerson();
    const device = await gil.signIn('gil', password);
    const { page, finish } = await askToRemove(device, device.id);
    const opened = gil.context.waitForEvent('page');
    await gil.page.evaluate(
      `addEventListener('message', ({ data }) => { document.title = data; });
       void window.open(${JSON.stringify(page)})`,
    );
    const popup = await opened;
    await popup.getByRole('link', { name: 'Continue with OpenMeet' }).click();
    await popup.fill('[name=password]', password);
    await popup.click('button[type=submit]');
    await gil.page.waitForFunction(`document.title === 'authDone'`);
    await finish();
    assert.ok(!(await device.alive()));
  });

  test('that is given up can be begun again', async () => {
    await join(world, { email: 'fay@example.org', name: 'Fay', handle: 'fay', password });
    const fay = await world.newPerson();
    const device = await fay.signIn('fay', password);
    const { page } = await askToRemove(device, device.id);
    await fay.page.goto(page);
    await fay.follow('Continue with OpenMeet');
    await fay.follow(/^Cancel/);
    assert.equal(await fay.heading(), 'Sign-in was cancelled');
    await fay.follow('Try again');
    assert.equal(fay.page.url(), page);
  });
});

/** Either of the two is enough: our block of settings, or our templates. */
const halves: Record<string, PlatformOptions> = {
  'without our templates': { synapse: { settings: { templates: {} } } },
  'without our block’s parameters': { adjustBlock: dropParameters },
};

function dropParameters(block: ProviderBlock): void {
  delete block.passthrough_authorization_parameters;
}

for (const [how, options] of Object.entries(halves)) {
  describe(`confirming at a homeserver ${how}`, { timeout: 120_000 }, () => {
    let world: World;
    beforeAll(async () => {
      world = await startWorld(options);
    });
    afterAll(() => world?.stop());

    test('wants a proof too', async () => {
      await join(world, { email: 'ann@example.org', name: 'Ann', handle: 'ann', password });
      const ann = await world.newPerson();
      const device = await ann.signIn('ann', password);
      const { page, finish } = await askToRemove(device, device.id);
      await ann.page.goto(page);
      await ann.follow(/Continue with/);
      assert.equal(await ann.heading(), 'Confirm it’s you');
      await ann.send({ password });
      await ann.page.waitForURL(`${world.synapse.url}/**`);
      await finish();
      assert.ok(!(await device.alive()));
    });
  });
}
