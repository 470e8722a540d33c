import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { MadeInvitation } from '../../src/admission/add-invitation.ts';
import { linkIn } from '../support/mail.ts';
import { password } from './newcomer.ts';
import { startWorld, type World } from './world.ts';

describe('a closed community on a homeserver', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    await world.service.cli('tenants', 'set', 'default', '--sign-up', 'closed');
  });
  afterAll(() => world?.stop());

  test('lets an invited person into a Matrix client as who the invitation says', async () => {
    const email = 'eve@example.org';
    await world.service.cli<MadeInvitation>(
      ...['invitations', 'add', '--email', email, '--handle', 'eve', '--send'],
    );
    const mail = await world.service.mailbox.waitForMail(email, { subject: /invited/ });
    const eve = await world.newPerson({ size: 'phone', javaScriptEnabled: false });
    await eve.page.goto(linkIn(mail, /\/invitation/));
    assert.match(await eve.read(), /@eve:matrix\.example.*choose the server matrix\.example/);
    await eve.press('Accept the invitation');
    await eve.send({ email });
    await eve.enterCode(email);
    assert.equal(await eve.page.locator('[name=handle]').inputValue(), 'eve');
    await eve.send({ name: 'Eve Example', handle: 'eve' });
    await eve.send({ password });
    assert.equal(new URL(eve.page.url()).pathname, '/account');
    await eve.beginSignIn();
    const device = await eve.arrive();
    assert.equal(device.userId, '@eve:matrix.example');
    assert.equal((await device.client.getProfileInfo(device.userId)).displayname, 'Eve Example');
  });

  test('takes an invitation also from whoever began in the Matrix client', async () => {
    const { link } = await world.service.cli<MadeInvitation>('invitations', 'add');
    const max = await world.newPerson();
    await max.beginSignIn();
    const signIn = max.page.url();
    await max.page.goto(link);
    await max.press('Accept the invitation');
    await max.page.goto(signIn);
    await max.follow('Create an account');
    const account = { email: 'max@example.org', name: 'Max', handle: 'max', password };
    assert.equal((await max.finishSignUp(account)).userId, '@max:matrix.example');
  });

  test('turns away whoever was not invited, and makes nobody on the homeserver', async () => {
    const ned = await world.newPerson();
    await ned.beginSignIn();
    await ned.type({ email: 'ned@example.org' });
    await ned.press(/code/);
    await ned.enterCode('ned@example.org');
    assert.equal(await ned.heading(), 'This community is closed');
    await assert.rejects(world.matrixUser('ned'));
  });
});
