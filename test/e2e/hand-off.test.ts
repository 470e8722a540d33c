import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { until } from '../support/until.ts';
import { join, password } from './newcomer.ts';
import type { Person } from './person.ts';
import { type PlatformSite, startPlatformSite } from './platform-site.ts';
import { startWorld, type World } from './world.ts';

describe('a hand-off from a platform to a Matrix client', { timeout: 120_000 }, () => {
  let world: World;
  let site: PlatformSite;
  beforeAll(async () => {
    world = await startWorld();
    site = await startPlatformSite(world);
  });
  afterAll(async () => {
    await site?.stop();
    await world?.stop();
  });

  /** Somebody who has an account, and whom the platform knows by the same name. */
  const member = async (handle: string) => {
    const email = `${handle}@example.org`;
    await join(world, { email, name: `The ${handle}`, handle, password });
    await world.sql('update accounts set platform_slug = $1 where email_key = $2', [handle, email]);
    return `@${handle}:matrix.example`;
  };

  /** From the platform's page to where its button leads. */
  const press = async ({ page }: Person, url: string) => {
    await page.goto(url);
    await page.getByRole('link', { name: 'Open the chat' }).click();
  };

  test('is one click, and shows no page of ours', async () => {
    const userId = await member('ann');
    const ann = await world.newPerson();
    const shown: string[] = [];
    ann.page.on('framenavigated', (frame) => shown.push(frame.url()));
    await press(ann, site.pageFor('ann'));
    const device = await ann.arrive();
    assert.equal(device.userId, userId);
    assert.ok(await device.alive());
    const origins = new Set([new URL(site.pageFor('ann')).origin, new URL(world.app.url).origin]);
    assert.deepEqual(new Set(shown.map((url) => new URL(url).origin)), origins);
    const cookies = await ann.context.cookies(world.service.url);
    assert.ok(!cookies.some(({ name }) => name === 'session'));
    await ann.page.goto(`${world.service.url}/account`);
    assert.match(await ann.heading(), /^Sign in/);
  });

  test('works again, for a device of its own', async () => {
    await member('bea');
    const bea = await world.newPerson();
    await press(bea, site.pageFor('bea'));
    const first = await bea.arrive();
    await press(bea, site.pageFor('bea'));
    const second = await bea.arrive();
    assert.notEqual(first.id, second.id);
    assert.ok((await first.alive()) && (await second.alive()));
  });

  test('asks where a page elsewhere sends the ticket', async () => {
    const userId = await member('cleo');
    for (const size of ['phone', 'desktop'] as const) {
      const cleo = await world.newPerson({ size });
      await press(cleo, site.copyFor('cleo'));
      await cleo.page.waitForURL(`${world.service.url}/handoff?ticket=taken`);
      assert.equal(await cleo.heading(), 'Continue as The cleo?');
      assert.match(await cleo.read(), /@cleo:matrix\.example/);
      await cleo.press('Yes, continue');
      assert.equal((await cleo.arrive()).userId, userId);
    }
  });

  test('leaves whoever says no to sign in as themselves', async () => {
    await member('dirk');
    const userId = await member('enno');
    const enno = await world.newPerson();
    await press(enno, site.copyFor('dirk'));
    await enno.press('That’s not me');
    assert.match(await enno.heading(), /^Sign in/);
    await enno.send({ email: 'enno', password });
    assert.equal((await enno.arrive()).userId, userId);
  });

  test('asks where somebody else is signed in, and signs nobody out', async () => {
    const [fay, gert] = [await member('fay'), await member('gert')];
    const shared = await world.newPerson();
    const first = await shared.signIn('fay', password);
    await press(shared, site.pageFor('gert'));
    await shared.page.waitForURL(`${world.service.url}/handoff?ticket=taken`);
    assert.match(await shared.read(), /signed in as The fay \(@fay:matrix\.example\)/);
    await shared.press('Yes, continue');
    const second = await shared.arrive();
    assert.deepEqual([first.userId, second.userId], [fay, gert]);
    await shared.beginSignIn();
    assert.equal((await shared.arrive()).userId, fay);
    assert.ok((await first.alive()) && (await second.alive()));
  });

  test('is ended by its owner, with its device', async () => {
    await member('hal');
    const hal = await world.newPerson();
    await press(hal, site.pageFor('hal'));
    const device = await hal.arrive();
    const home = await world.newPerson();
    await home.signIn('hal', password);
    await home.page.goto(`${world.service.url}/account`);
    await home.press('Sign out everywhere else');
    await until(async () => !(await device.alive()), { what: 'the end of the device' });
  });
});
