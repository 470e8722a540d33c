import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { join, password } from './newcomer.ts';
import { startWorld, type World } from './world.ts';

describe('signing in to a Matrix client', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  /** Somebody who signed up in the past, in a browser that is not here. */
  const member = async (handle: string, account: { password?: string } = { password }) => {
    const email = `${handle}@example.org`;
    await join(world, { email, name: `The ${handle}`, handle, ...account });
    return { email, userId: `@${handle}:matrix.example` };
  };

  test('shows no page of ours while the browser is signed in', async () => {
    const ann = await world.newPerson();
    const first = await ann.signUp({ email: 'ann@example.org', name: 'Ann', handle: 'ann' });
    const shown: string[] = [];
    ann.page.on('framenavigated', (frame) => shown.push(new URL(frame.url()).origin));
    await ann.beginSignIn();
    const second = await ann.arrive();
    assert.equal(second.userId, first.userId);
    assert.notEqual(second.id, first.id);
    assert.deepEqual(new Set(shown), new Set([new URL(world.app.url).origin]));
  });

  test('takes the address or the handle with the password, on any device', async () => {
    const { email, userId } = await member('bea');
    for (const identifier of [email.toUpperCase(), 'bea', '@bea']) {
      const browser = await world.newPerson();
      assert.equal((await browser.signIn(identifier, password)).userId, userId, identifier);
    }
  });

  test('mails a code instead of asking for the password', async () => {
    const { email, userId } = await member('cleo', {});
    for (const identifier of [email, 'cleo']) {
      const browser = await world.newPerson();
      await browser.beginSignIn();
      await browser.type({ email: identifier });
      await browser.press('Email me a code instead');
      await browser.enterCode(email);
      assert.equal((await browser.arrive()).userId, userId);
    }
  });

  test('lets nobody in with a wrong password, and forgives it', async () => {
    const { email, userId } = await member('dirk');
    const dirk = await world.newPerson();
    await dirk.beginSignIn();
    await dirk.send({ email, password: 'not the password' });
    assert.match(await dirk.heading(), /^Sign in/);
    assert.equal(await dirk.page.locator('[name=email]').inputValue(), email);
    assert.equal(await dirk.page.locator('[name=password]').inputValue(), '');
    assert.match(await dirk.page.title(), /^Error:/);
    await dirk.send({ password });
    assert.equal((await dirk.arrive()).userId, userId);
  });

  test('takes no code that has expired, but a new one', async () => {
    const { email, userId } = await member('enno', {});
    const enno = await world.newPerson();
    await enno.beginSignIn();
    await enno.type({ email });
    await enno.press('Email me a code instead');
    await world.sql(
      `update email_codes set created_at = created_at - interval '1 hour',
        expires_at = expires_at - interval '1 hour' where email = $1`,
      [email],
    );
    await enno.enterCode(email);
    assert.match(await enno.read(), /That code has expired/);
    await enno.press('Send a new code');
    assert.match(await enno.read('[role=status]'), /new code is on its way/);
    await enno.enterCode(email);
    assert.equal((await enno.arrive()).userId, userId);
  });

  test('that is cancelled leads back to the app, which starts it again', async () => {
    const fay = await world.newPerson();
    await fay.beginSignIn();
    await fay.follow(/^Cancel/);
    assert.equal(new URL(fay.page.url()).origin, world.synapse.url);
    assert.equal(await fay.heading(), 'Sign-in was cancelled');
    assert.match(await fay.read(), /You are not signed in/);
    await fay.follow('Try again');
    assert.match(await fay.heading(), /^Sign in/);
  });

  test('after a forgotten password sets another one', async () => {
    const { email, userId } = await member('gert');
    const gert = await world.newPerson();
    await gert.beginSignIn();
    await gert.follow('Forgot password?');
    await gert.send({ email });
    await gert.enterCode(email);
    await gert.send({ password: 'another good password' });
    assert.equal((await gert.arrive()).userId, userId);
    const elsewhere = await world.newPerson();
    assert.equal((await elsewhere.signIn(email, 'another good password')).userId, userId);
  });

  test('leads straight to sign-up where the application asks for it', async () => {
    const hal = await world.newPerson();
    await hal.beginSignInBy({ parameters: { prompt: 'create' } });
    assert.match(await hal.heading(), /^Create an account/);
    const device = await hal.finishSignUp({ email: 'hal@example.org', name: 'Hal', handle: 'hal' });
    assert.equal(device.userId, '@hal:matrix.example');
  });

  test('lets two accounts of one browser be chosen from', async () => {
    const [one, two] = [await member('ines'), await member('jon')];
    const shared = await world.newPerson();
    const first = await shared.signIn(one.email, password);
    await shared.beginSignInBy({ parameters: { prompt: 'select_account' } });
    await shared.follow('Use another account');
    await shared.send({ email: two.email, password });
    const second = await shared.arrive();
    assert.deepEqual([first.userId, second.userId], [one.userId, two.userId]);
    assert.ok(await first.alive(), 'signing in as somebody else signs nobody out');
    for (const { userId } of [one, two]) {
      await shared.beginSignInBy({ parameters: { prompt: 'select_account' } });
      const handle = userId.slice(1, userId.indexOf(':'));
      await shared.press(new RegExp(`The ${handle}`));
      assert.equal((await shared.arrive()).userId, userId);
    }
    assert.ok(await first.alive());
    assert.ok(await second.alive());
  });

  test('asks for the password again where the application wants that', async () => {
    const { email, userId } = await member('kim');
    const kim = await world.newPerson();
    await kim.signIn(email, password);
    const lasting = async () =>
      (await kim.context.cookies()).find(({ name }) => name === 'session');
    const before = await lasting();
    await kim.beginSignInBy({ parameters: { prompt: 'login' } });
    assert.equal(await kim.heading(), 'Confirm it’s you');
    assert.match(await kim.read(), /The kim/);
    await kim.send({ password: 'not the password' });
    assert.equal(await kim.heading(), 'Confirm it’s you');
    await kim.send({ password });
    assert.equal((await kim.arrive()).userId, userId);
    assert.ok((before?.expires ?? 0) > 0, 'the browser is remembered');
    assert.ok(((await lasting())?.expires ?? 0) > 0, 'and stays so');
  });

  test('lets whoever is greeted by another’s name say so', async () => {
    const [one, two] = [await member('lea'), await member('max')];
    const shared = await world.newPerson();
    const first = await shared.signIn(one.email, password);
    await shared.beginSignInBy({ parameters: { prompt: 'login' } });
    await shared.follow(/Not you/);
    await shared.send({ email: two.email, password });
    assert.equal((await shared.arrive()).userId, two.userId);
    assert.ok(await first.alive());
  });
});
