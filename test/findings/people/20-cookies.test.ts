import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { visitAccount } from '../../pages/account/visitor.ts';
import { inviteTo } from '../../pages/invitation/invitee.ts';
import { CookieJar } from '../../support/cookies.ts';
import { Visitor } from '../../support/forms.ts';
import { linkIn } from '../../support/mail.ts';
import type { Page } from '../../support/page.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

describe('a browser that keeps no cookies', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    const grantTypes = ['authorization_code', deviceGrant];
    [app, ada] = await Promise.all([Application.of(world, { grantTypes }), world.addPerson()]);
  });
  afterAll(() => world.close());

  /** Blocks cookies, as in the settings of a browser. */
  function block(visitor: Visitor): Visitor {
    Object.assign(visitor, { cookies: Object.assign(new CookieJar(), { keep: () => {} }) });
    return visitor;
  }
  const blocking = () => block(newVisitor());

  function says(page: Page): void {
    assert.equal(page.heading, 'Your browser keeps no cookies', `${page.url.href} ${page.text}`);
    assert.match(page.text, /Allow cookies/);
    assert.ok(page.status >= 400 && page.status < 500);
  }

  test('is told so where a sign-in begins, and by the account page', async () => {
    says(await blocking().open((await app.request()).url));
    says(await blocking().open(`${world.url}/account`));
  });

  test('is told so where a form is sent, and on the way back', async () => {
    const visitor = newVisitor();
    const attempt = await app.request({ prompt: 'consent' });
    const page = await visitor.open(attempt.url);
    const consent = await enterPassword(visitor, page, ada);
    says(await block(visitor).submit(page, { email: ada.email, password: ada.password }));
    says(await visitor.submit(consent));
    const way = page.url.pathname.replace('/interaction', '/oidc/auth');
    says(await visitor.open(`${world.url}${way}`));
    says(await visitor.open(`${world.url}/account/signed-in?code=x&state=x`));
  });

  test('is told so on the way back from another provider', async () => {
    says(await blocking().open(`${world.url}/callback/google?state=x&code=x`));
  });

  test('is told so where a device’s code is typed', async () => {
    const { user_code } = await openid.initiateDeviceAuthorization(app.config, { scope: 'openid' });
    const visitor = blocking();
    const page = await visitor.open(`${world.issuer}/device`);
    says(await visitor.submit(page, { user_code }));
  });

  test('is told so where it signs out', async () => {
    const visitor = blocking();
    says(await visitor.submit(await visitor.open(`${world.issuer}/session/end`)));
  });

  test('is told so by a hand-off, an invitation and a recovery', async () => {
    // Where a browser is sent whose ticket was taken.
    says(await blocking().open(`${world.url}/handoff?ticket=taken`));
    const { link } = await inviteTo(world, { tenantId: world.defaultTenantId });
    says(await blocking().open(link));
    const visitor = new Visitor();
    const signIn = await visitor.open(`${world.url}/account`);
    const form = await visitor.open(`${signIn.url.href}/recovery`);
    await visitor.submit(form, { email: ada.email });
    const mail = await world.service.mailbox.waitForMail(ada.email);
    const recovery = await visitor.open(linkIn(mail, /recover/));
    says(await block(visitor).submit(recovery));
  });

  test('is what nobody hears whose page has only expired', async () => {
    const { visitor } = await visitAccount(world, ada);
    for (const path of ['/interaction/x', '/oidc/auth/x', '/callback/google?state=x&code=x']) {
      const page = await visitor.open(`${world.url}${path}`);
      assert.equal(page.heading, 'This page has expired', path);
    }
    const page = await blocking().open(`${world.url}/invitation?token=unknown`);
    assert.equal(page.heading, 'We don’t know this invitation');
  });

  test('is what nobody hears who signs out in a tab of somebody who has left', async () => {
    const { visitor } = await visitAccount(world, ada);
    const stale = await visitor.open(`${world.issuer}/session/end`);
    await visitor.submit(await visitor.open(`${world.issuer}/session/end`));
    const page = await visitor.submit(stale);
    assert.equal(page.heading, 'This page has expired');
  });
});
