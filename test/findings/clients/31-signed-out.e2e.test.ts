import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { completeNames } from '../../../src/deployment/names.ts';
import { elementConfig } from '../../../src/deployment/web-client.ts';
import type { Device } from '../../e2e/matrix.ts';
import { join, password } from '../../e2e/newcomer.ts';
import type { Person } from '../../e2e/person.ts';
import { startWorld, type World } from '../../e2e/world.ts';

describe('the next person at the computer', { timeout: 180_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    await world.service.cli(
      ...['clients', 'set', 'matrix_synapse', '--post-logout-redirect-uri', world.app.url],
    );
  });
  afterAll(() => world?.stop());

  async function signedIn(handle: string) {
    await join(world, { email: `${handle}@example.org`, name: handle, handle, password });
    const person = await world.newPerson();
    return { person, device: await person.signIn(handle, password) };
  }

  async function proves(person: Person): Promise<Device> {
    assert.match(await person.heading(), /Confirm it’s you/);
    await person.send({ password });
    return person.arrive();
  }

  test('does not enter by a press after somebody signed out in the client', async () => {
    const { person, device } = await signedIn('ann');
    await device.client.logout(true);
    await person.beginSignIn();
    await proves(person);
  });

  test('does not enter by a press where a device was removed from afar', async () => {
    const { person: home, device: tablet } = await signedIn('ben');
    await home.beginSignIn();
    const laptop = await home.arrive();
    const away = await world.newPerson();
    const phone = await away.signIn('ben', password);
    await world.synapse.admin(
      'DELETE',
      `/_synapse/admin/v2/users/${tablet.userId}/devices/${tablet.id}`,
    );
    await home.beginSignIn();
    const back = await proves(home);
    for (const device of [laptop, phone, back]) assert.ok(await device.alive());
    await home.beginSignIn();
    assert.ok(await (await home.arrive()).alive(), 'after the proof a press is enough again');
  });

  test('is the same person, by a press, while all devices stand', async () => {
    const { person } = await signedIn('cem');
    for (let device = 0; device < 3; device += 1) {
      await person.beginSignIn();
      assert.ok(await (await person.arrive()).alive());
    }
  });

  /** As Element goes there, with the names of this deployment. */
  function logoutOfElement(): string {
    const names = completeNames({ serverName: 'example.org' });
    const { logout_redirect_url: shipped } = elementConfig(names) as Record<string, string>;
    const url = new URL(String(shipped));
    assert.equal(url.searchParams.get('post_logout_redirect_uri'), 'https://chat.example.org/');
    url.searchParams.set('post_logout_redirect_uri', world.app.url);
    return `${world.service.url}${url.pathname}${url.search}`;
  }

  test('finds nobody signed in after Element led to our sign-out, which leads back', async () => {
    const { person, device } = await signedIn('dora');
    await device.client.logout(true);
    await person.page.goto(logoutOfElement());
    assert.equal(await person.heading(), 'Sign out?');
    await person.press('Sign out');
    assert.equal(person.page.url(), world.app.url);
    await person.beginSignIn();
    assert.match(await person.heading(), /^Sign in/);
  });

  test('is led back also where they stay signed in', async () => {
    const { person, device } = await signedIn('eva');
    await person.page.goto(logoutOfElement());
    await person.follow(/Stay/);
    assert.equal(person.page.url(), world.app.url);
    assert.ok(await device.alive());
  });
});
