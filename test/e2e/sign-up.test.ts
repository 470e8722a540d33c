import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { codeIn } from '../support/mail.ts';
import { until } from '../support/until.ts';
import { join, password } from './newcomer.ts';
import type { Person } from './person.ts';
import { startWorld, type World } from './world.ts';

describe('signing up from a Matrix client', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  /** A person who has proved an address and is asked for name and handle. */
  const choosing = async (email: string): Promise<Person> => {
    const person = await world.newPerson();
    await person.beginSignIn();
    await person.follow('Create an account');
    await person.send({ email });
    await person.enterCode(email);
    return person;
  };

  test('makes a person @handle:server, whom the homeserver knows by name and address', async () => {
    const ann = await world.newPerson();
    const email = 'Ann.Example@example.org';
    const device = await ann.signUp({ email, name: 'Ann Exämple', handle: 'ann', password });
    assert.equal(device.userId, '@ann:matrix.example');
    assert.match(device.login.tenant_id ?? '', /^[\da-f-]{36}$/);
    assert.equal((await device.client.getProfileInfo(device.userId)).displayname, 'Ann Exämple');
    const user = await until(
      async () => {
        const found = await world.matrixUser('ann');
        return found.threepids.length > 0 && found;
      },
      { what: 'the address on the homeserver' },
    );
    const [address] = user.threepids;
    assert.deepEqual([address?.medium, address?.address], ['email', 'ann.example@example.org']);
    assert.equal(user.external_ids.length, 1);
    assert.equal(user.external_ids[0]?.auth_provider, 'oidc-openmeet');
    assert.match(user.external_ids[0]?.external_id ?? '', /^[\da-f-]{36}$/);
  });

  test('needs no JavaScript', async () => {
    const ben = await world.newPerson({ javaScriptEnabled: false });
    const device = await ben.signUp({
      email: 'ben@example.org',
      name: 'Ben',
      handle: 'ben',
      password,
    });
    assert.equal(device.userId, '@ben:matrix.example');
  });

  test('fits a phone at every step', async () => {
    const cem = await world.newPerson({ size: 'phone' });
    const fits = async () => {
      const fitting = await cem.page.evaluate(
        'document.documentElement.scrollWidth <= document.documentElement.clientWidth',
      );
      assert.ok(fitting, `${await cem.heading()} is wider than the screen`);
    };
    await cem.beginSignIn();
    await fits();
    await cem.follow('Create an account');
    await fits();
    await cem.send({ email: 'cem@example.org' });
    await fits();
    await cem.enterCode('cem@example.org');
    await fits();
    await cem.send({ name: 'Cem', handle: 'cem' });
    await fits();
    await cem.send({ password });
    assert.equal((await cem.arrive()).userId, '@cem:matrix.example');
  });

  test('needs no mouse', async () => {
    const gus = await world.newPerson();
    const { keyboard } = gus.page;
    const enter = () => gus.leave(() => keyboard.press('Enter'));
    await gus.page.goto(world.app.url);
    await gus.tabTo('Continue with OpenMeet');
    await enter();
    await gus.tabTo('Create an account');
    await enter();
    await gus.tabTo('email');
    await keyboard.type('gus@example.org');
    await enter();
    // Where one thing is asked for, the cursor is there already.
    await keyboard.type(codeIn(await world.service.mailbox.waitForMail('gus@example.org')));
    await enter();
    await gus.tabTo('name');
    await keyboard.type('Gus');
    await gus.tabTo('handle');
    await keyboard.press('Control+A');
    await keyboard.type('gus');
    await enter();
    await gus.tabTo('password');
    await keyboard.type(password);
    await enter();
    assert.equal((await gus.arrive()).userId, '@gus:matrix.example');
  });

  test('works without a password, and in two browsers at once', async () => {
    const [dora, emil] = await Promise.all([world.newPerson(), world.newPerson()]);
    const devices = await Promise.all([
      dora.signUp({ email: 'dora@example.org', name: 'Dora', handle: 'dora' }),
      emil.signUp({ email: 'emil@example.org', name: 'Emil', handle: 'emil' }),
    ]);
    const names = devices.map(({ userId }) => userId);
    assert.deepEqual(names, ['@dora:matrix.example', '@emil:matrix.example']);
  });

  test('tells while typing whether a handle is free, and suggests free ones', async () => {
    const person = await choosing('ann.other@example.org');
    const state = person.page.locator('#handle-state');
    await person.type({ handle: 'ann' });
    await state.and(person.page.locator('[data-state=bad]')).waitFor();
    await person.type({ handle: 'ann-marie' });
    await state.filter({ hasText: 'ann-marie is free' }).waitFor();
    assert.equal(await person.read('#preview'), 'ann-marie');
    await person.type({ handle: 'admin' });
    await state.filter({ hasText: 'reserved' }).waitFor();
    await person.type({ name: 'Ann', handle: 'ann-marie' });
    await person.send({ name: 'Ann Other' });
    await person.press(/I’ll use codes/);
    assert.equal((await person.arrive()).userId, '@ann-marie:matrix.example');
  });

  test('offers others when somebody takes the handle meanwhile', async () => {
    const slow = await choosing('slow@example.org');
    await slow.type({ name: 'Slow', handle: 'wanted' });
    await slow.page.getByText('wanted is free').waitFor();
    await join(world, { email: 'quick@example.org', name: 'Quick', handle: 'wanted' });
    await slow.send({ name: 'Slow' });
    assert.equal(await slow.heading(), 'Choose your handle');
    assert.match(await slow.read('#handle-state'), /taken/i);
    const suggestion = slow.page.locator('button[name=suggestion]').first();
    const handle = await slow.read('button[name=suggestion]');
    await suggestion.click();
    await slow.page.getByText(`${handle} is free`).waitFor();
    await slow.send({ name: 'Slow' });
    await slow.press(/I’ll use codes/);
    assert.equal((await slow.arrive()).userId, `@${handle}:matrix.example`);
  });

  test('shows a handle as taken that the homeserver has already', async () => {
    await world.synapse.admin('PUT', '/_synapse/admin/v2/users/@veteran:matrix.example', {
      displayname: 'A veteran',
    });
    const person = await choosing('new@example.org');
    await person.send({ name: 'New', handle: 'veteran' });
    assert.match(await person.read('#handle-state'), /taken/i);
    await person.send({ handle: 'recruit' });
    await person.press(/I’ll use codes/);
    assert.equal((await person.arrive()).userId, '@recruit:matrix.example');
    const { displayname, external_ids } = await world.matrixUser('veteran');
    assert.deepEqual({ displayname, external_ids }, { displayname: 'A veteran', external_ids: [] });
  });

  test('with an address that has an account signs in to that account', async () => {
    await join(world, { email: 'known@example.org', name: 'Known', handle: 'known' });
    const forgetful = await world.newPerson();
    await forgetful.beginSignIn();
    await forgetful.follow('Create an account');
    await forgetful.send({ email: 'known@example.org' });
    const mail = await world.service.mailbox.waitForMail('known@example.org');
    assert.match(mail.subject ?? '', /already have an account/);
    await forgetful.send({ code: /\d{6}/.exec(mail.text ?? '')?.[0] ?? '' });
    assert.equal((await forgetful.arrive()).userId, '@known:matrix.example');
  });
});
