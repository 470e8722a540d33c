import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { callback, furnish, type World } from '../oidc/world.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { freePorts } from '../support/ports.ts';
import { type BalancedService, startInstances } from '../support/service.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import { type DataServer, type Member, type Network, startNetwork } from './atproto-network.ts';
import { signInAt } from './atproto-person.ts';

const host = 'id.openmeet.community';

describe('Bluesky at two instances behind https, as in production', { timeout: 120_000 }, () => {
  let network: Network;
  let home: DataServer;
  let world: World<BalancedService>;
  let front: TlsFront;
  let browser: TestBrowser;

  beforeAll(async () => {
    network = await startNetwork();
    const [homePort = 0] = await freePorts(1);
    const service = await startInstances(2, {
      env: {
        PUBLIC_URL: `https://${host}`,
        BLUESKY_PLC_URL: network.plcUrl,
        BLUESKY_HANDLE_RESOLVER: `http://localhost:${homePort}`,
        UPSTREAM_ALLOWED_NETWORKS: '127.0.0.0/8,::1/128',
      },
    });
    world = await furnish(service);
    home = await network.startDataServer({
      port: homePort,
      knows: { origin: `https://${host}`, url: service.url },
    });
    front = await startTlsFront(host, service.url);
    browser = await openBrowser({ [host]: `127.0.0.1:${front.port}` });
  });

  afterAll(async () => {
    await browser?.close();
    await front?.stop();
    await Promise.all([world?.close(), network?.close()]);
  });

  /** From the application to a page of ours, by way of their server. */
  async function comeBack(page: Page, member: Member, clientId: string): Promise<void> {
    const start = new URL(`https://${host}/oidc/auth`);
    start.search = new URLSearchParams({
      client_id: clientId,
      ...{ response_type: 'code', redirect_uri: callback, scope: 'openid profile', state: 's' },
      ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' },
      ...{ code_challenge_method: 'S256', upstream: 'bluesky', login_hint: member.handle },
    }).toString();
    await page.goto(start.href);
    await signInAt(page, member);
    await page.getByRole('button', { name: 'Authorize' }).click();
  }

  test('an application that names the way and the handle leads straight there, and back', async () => {
    const { id: clientId } = await world.addClient();
    const member = await home.addMember('nora');
    const person = await browser.newPerson({ ignoreHTTPSErrors: true });
    const page = await person.newPage();
    await comeBack(page, member, clientId);
    const code = page.waitForRequest((request) => request.url().startsWith(callback));
    await page.locator('[name=skip]').click();
    await page.locator('[name=name]').fill('Nora');
    await page.locator('[name=handle]').fill('nora');
    await page.locator('form:has([name=handle]) button.primary').click();
    assert.ok(new URL((await code).url()).searchParams.get('code'));
    const identities = await world.database.query(
      `select i.connection, i.issuer, i.subject, h.handle, a.email
        from identities i join accounts a on a.id = i.account_id
        join handles h on h.account_id = a.id`,
    );
    const expected = { connection: 'bluesky', issuer: 'atproto', subject: member.did };
    assert.deepEqual(identities, [{ ...expected, handle: 'nora', email: null }]);

    const later = await (await browser.newPerson({ ignoreHTTPSErrors: true })).newPage();
    const again = later.waitForRequest((request) => request.url().startsWith(callback));
    await comeBack(later, member, clientId);
    assert.ok(new URL((await again).url()).searchParams.get('code'));
    const rows = await world.database.query('select id from accounts');
    assert.equal(rows.length, 1);
  });
});
