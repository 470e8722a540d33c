import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { until } from '../support/until.ts';
import type { Device } from './matrix.ts';
import { join, password } from './newcomer.ts';
import type { Person } from './person.ts';
import { startWorld, type World } from './world.ts';

describe('what a person does at the provider, and the homeserver learns', {
  timeout: 120_000,
}, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  /** Two browsers of one person: two devices in the first, one in the second. */
  const atHomeAndAway = async (handle: string) => {
    await join(world, { email: `${handle}@example.org`, name: handle, handle, password });
    const [home, away] = await Promise.all([world.newPerson(), world.newPerson()]);
    const tablet = await home.signIn(handle, password);
    await home.beginSignIn();
    const laptop = await home.arrive();
    const phone = await away.signIn(handle, password);
    return { home, away, tablet, laptop, phone };
  };
  const signedOut = (device: Device) =>
    until(async () => !(await device.alive()), { what: `the end of ${device.userId}’s device` });
  const openAccount = (person: Person) => person.page.goto(`${world.service.url}/account`);

  test('signing out ends the devices of that browser, and no others', async () => {
    const { home, tablet, laptop, phone } = await atHomeAndAway('ann');
    await home.page.goto(`${world.service.issuer}/session/end`);
    await home.press('Sign out');
    await Promise.all([signedOut(tablet), signedOut(laptop)]);
    assert.ok(await phone.alive());
    await home.beginSignIn();
    assert.match(await home.heading(), /^Sign in/);
  });

  test('signing out can be thought better of', async () => {
    await join(world, { email: 'ben@example.org', name: 'Ben', handle: 'ben', password });
    const home = await world.newPerson();
    const tablet = await home.signIn('ben', password);
    await home.page.goto(`${world.service.issuer}/session/end`);
    await home.follow(/Stay/);
    await home.beginSignIn();
    await home.arrive();
    assert.ok(await tablet.alive());
  });

  test('signing another browser out ends its devices', async () => {
    const { home, away, tablet, laptop, phone } = await atHomeAndAway('cem');
    await openAccount(away);
    await away.press(/^Sign out .*Linux/);
    await Promise.all([signedOut(tablet), signedOut(laptop)]);
    assert.ok(await phone.alive());
    await home.beginSignIn();
    assert.match(await home.heading(), /^Sign in/);
  });

  test('a changed password ends the devices of all other browsers', async () => {
    const { home, tablet, laptop, phone } = await atHomeAndAway('dora');
    await openAccount(home);
    await home.follow('Change password');
    await home.send({ current: password, password: 'another good password' });
    await signedOut(phone);
    assert.ok(await tablet.alive());
    assert.ok(await laptop.alive());
  });

  test('a new name is shown on the homeserver', async () => {
    const eva = await world.newPerson();
    await eva.signUp({ email: 'eva@example.org', name: 'Eva', handle: 'eva' });
    await openAccount(eva);
    await eva.send({ name: 'Eva the Second' });
    await until(async () => (await world.matrixUser('eva')).displayname === 'Eva the Second', {
      what: 'the new name on the homeserver',
    });
  });

  test('a new address takes the place of the former one', async () => {
    const flo = await world.newPerson();
    await flo.signUp({ email: 'flo@example.org', name: 'Flo', handle: 'flo', password });
    await openAccount(flo);
    await flo.follow('Change email');
    await flo.send({ email: 'flo@example.net' });
    await flo.enterCode('flo@example.net');
    const addresses = async () =>
      (await world.matrixUser('flo')).threepids.map(({ address }) => address).join();
    await until(async () => (await addresses()) === 'flo@example.net', {
      what: 'the new address on the homeserver',
    });
  });

  test('a deleted account ends its Matrix user', async () => {
    const gil = await world.newPerson();
    const device = await gil.signUp({
      email: 'gil@example.org',
      name: 'Gil',
      handle: 'gil',
      password,
    });
    await openAccount(gil);
    await gil.follow('Delete account');
    await gil.send({ handle: 'gil' });
    await until(async () => (await world.matrixUser('gil')).deactivated, {
      what: 'the end of the Matrix user',
    });
    assert.ok(!(await device.alive()));
    assert.ok(!(await world.matrixUser('gil')).erased);
  });

  test('a deleted account takes what it wrote with it when asked', async () => {
    const hal = await world.newPerson();
    await hal.signUp({ email: 'hal@example.org', name: 'Hal', handle: 'hal', password });
    await openAccount(hal);
    await hal.follow('Delete account');
    await hal.page.getByLabel('Also hide what I wrote in chat').check();
    await hal.send({ handle: 'not hal' });
    assert.ok(await hal.page.getByLabel('Also hide what I wrote in chat').isChecked());
    await hal.send({ handle: 'hal' });
    await until(async () => (await world.matrixUser('hal')).erased, {
      what: 'the end of what was written',
    });
  });
});
