import assert from 'node:assert/strict';
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';

describe('passkeys in Chromium', { timeout: 120_000 }, () => {
  let world: World;
  let browser: TestBrowser;
  beforeAll(async () => {
    [world, browser] = await Promise.all([openWorld({ host: 'localhost' }), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  type Device = { cdp: CDPSession; authenticatorId: string };

  async function open(path: string): Promise<{ page: Page; context: BrowserContext }> {
    const context = await browser.newPerson();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(`${world.url}${path}`);
    return { page, context };
  }

  /** A device with a fingerprint reader, whose owner is there. */
  async function plugIn(page: Page, context: BrowserContext): Promise<Device> {
    const cdp = await context.newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', automaticPresenceSimulation: true },
        ...{ hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
      },
    });
    return { cdp, authenticatorId };
  }

  async function signInByPassword(page: Page, person: Person) {
    await page.fill('[name=email]', person.email);
    await page.fill('[name=password]', person.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  /** As browsers do that know passkeys for buttons only. */
  const offerNoneInFields = (context: BrowserContext) =>
    context.addInitScript(
      'PublicKeyCredential.isConditionalMediationAvailable = async () => false;' +
        'PublicKeyCredential.getClientCapabilities = undefined;',
    );

  const headingOf = (page: Page) => page.locator('h1').textContent();

  /** Somebody whose device has a passkey, signed in to the account page. */
  async function withPasskey() {
    const person = await world.addPerson();
    const { page, context } = await open('/account/passkeys');
    const device = await plugIn(page, context);
    await signInByPassword(page, person);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('Your passkey is there').waitFor();
    return { person, page, context, device };
  }

  async function signOut(page: Page, context: BrowserContext) {
    await context.clearCookies();
    await page.goto(`${world.url}/account`);
  }

  test('one is made on the account page, and signs in by the button', async () => {
    const { person, page, context, device } = await withPasskey();
    const { credentials } = await device.cdp.send('WebAuthn.getCredentials', device);
    assert.equal(credentials.length, 1);
    assert.equal(credentials[0]?.isResidentCredential, true);
    assert.equal(credentials[0]?.rpId, 'localhost');
    await offerNoneInFields(context);
    await signOut(page, context);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForURL('**/account');
    assert.match((await page.textContent('body')) ?? '', new RegExp(person.handle));
    await page.goto(`${world.url}/account/passkeys`);
    assert.equal(await headingOf(page), 'Passkeys');
    assert.match((await page.textContent('.rows')) ?? '', /last used/);
  });

  test('one is chosen in the field, without a press', async () => {
    const { person, page, context } = await withPasskey();
    await signOut(page, context);
    await page.waitForURL('**/account');
    assert.match((await page.textContent('body')) ?? '', new RegExp(person.handle));
  });

  test('a device that has one makes no second, and says so', async () => {
    const { page } = await withPasskey();
    await page.goto(`${world.url}/account/passkeys`);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('on this device already').waitFor();
  });

  test('a device that cannot tell who is there signs nobody in', async () => {
    const { page, context, device } = await withPasskey();
    await device.cdp.send('WebAuthn.setUserVerified', { ...device, isUserVerified: false });
    await signOut(page, context);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByText('You weren’t signed in').waitFor();
  });

  test('without scripts the button is not there', async () => {
    const context = await browser.newPerson({ javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(`${world.url}/account`);
    assert.equal(await page.getByText('Sign in with a passkey').isVisible(), false);
  });
});
