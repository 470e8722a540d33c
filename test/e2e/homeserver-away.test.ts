import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { until } from '../support/until.ts';
import { join, password } from './newcomer.ts';
import { startWorld, type World } from './world.ts';

describe('while the homeserver is away', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  test('a sign-up says so, loses nothing, and goes on when it is back', async () => {
    const ann = await world.newPerson();
    await ann.beginSignIn();
    await ann.follow('Create an account');
    await ann.send({ email: 'ann@example.org' });
    await ann.enterCode('ann@example.org');
    await world.synapse.kill('SIGKILL');
    await ann.send({ name: 'Ann', handle: 'ann' });
    assert.match(await ann.read(), /The chat server doesn’t answer right now. Nothing is lost/);
    assert.equal(await ann.page.locator('[name=name]').inputValue(), 'Ann');
    assert.equal(await ann.page.locator('[name=handle]').inputValue(), 'ann');
    await world.synapse.restart();
    await ann.send({ name: 'Ann', handle: 'ann' });
    await ann.press(/I’ll use codes/);
    assert.equal((await ann.arrive()).userId, '@ann:matrix.example');
  });

  test('a sign-out is kept, and reaches it when it is back', async () => {
    await join(world, { email: 'ben@example.org', name: 'Ben', handle: 'ben', password });
    const ben = await world.newPerson();
    const device = await ben.signIn('ben', password);
    await world.synapse.kill('SIGKILL');
    await ben.page.goto(`${world.service.issuer}/session/end`);
    await ben.press('Sign out');
    assert.equal(await ben.heading(), 'You are signed out');
    await world.synapse.restart();
    // It is tried again after ever longer pauses.
    await until(async () => !(await device.alive()), {
      what: 'the end of the device',
      timeout: 40_000,
    });
  });
});
