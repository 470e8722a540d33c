import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openProduction } from '../../oidc/production.ts';
import { callback, type Person, type World } from '../../oidc/world.ts';
import { openBrowser, type TestBrowser } from '../../support/browser.ts';
import { startTlsFront, type TlsFront } from '../../support/tls-front.ts';

const host = 'id.openmeet.community';
/** A neighbour, whose pages are somebody else's. */
const sibling = 'blog.openmeet.community';

/** What the neighbour's page sets for the whole domain before it leads on; a test changes it. */
type Trap = { cookies: string[]; leadsTo: string };

describe('an attacker on a neighbouring host, as in production', { timeout: 120_000 }, () => {
  let world: World;
  let front: TlsFront;
  let neighbour: Server;
  let neighbourFront: TlsFront;
  let browser: TestBrowser;
  let ada: Person;
  let clientId: string;
  const trap: Trap = { cookies: [], leadsTo: '' };

  beforeAll(async () => {
    world = await openProduction({ env: { PUBLIC_URL: `https://${host}` } });
    front = await startTlsFront(host, world.url);
    neighbour = createServer((_request, answer) => {
      answer.writeHead(302, { 'set-cookie': trap.cookies, location: trap.leadsTo }).end();
    }).listen(0, '127.0.0.1');
    await once(neighbour, 'listening');
    const { port } = neighbour.address() as AddressInfo;
    neighbourFront = await startTlsFront(sibling, `http://127.0.0.1:${port}`);
    browser = await openBrowser({
      [host]: `127.0.0.1:${front.port}`,
      [sibling]: `127.0.0.1:${neighbourFront.port}`,
      'app.example': '127.0.0.1:9',
    });
    ada = await world.addPerson();
    clientId = (await world.addClient()).id;
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([front?.stop(), neighbourFront?.stop()]);
    neighbour?.close();
    await world?.close();
  });

  const newPage = async () => (await browser.newPerson({ ignoreHTTPSErrors: true })).newPage();

  function signInUrl(): string {
    const query = new URLSearchParams({
      ...{ client_id: clientId, response_type: 'code', redirect_uri: callback },
      ...{ scope: 'openid profile email', state: 's', code_challenge_method: 'S256' },
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    });
    return `https://${host}/oidc/auth?${query}`;
  }

  /** Sends a request from a page of the service and follows it nowhere. */
  async function send(page: Page, url: string, form?: Record<string, string>): Promise<void> {
    if (!page.url().startsWith(`https://${host}/`)) await page.goto(`https://${host}/`);
    await page.evaluate(
      ([target, fields]) =>
        fetch(target, {
          redirect: 'manual',
          ...(fields ? { method: 'POST', body: new URLSearchParams(fields) } : {}),
        }),
      [url, form] as const,
    );
  }

  /** Begins a sign-in without looking at its page. */
  async function begin(page: Page): Promise<string> {
    await send(page, signInUrl());
    const cookies = await page.context().cookies();
    const path = cookies.find(({ name }) => name === '__Secure-interaction')?.path ?? '';
    return `https://${host}${path}`;
  }

  /** Plants the attacker's cookies in the browser of whoever opens the neighbour's page. */
  async function visitNeighbour(victim: Page, attacker: BrowserContext, leadsTo: string) {
    const cookies = (await attacker.cookies()).filter(({ name }) =>
      /interaction|resume/.test(name),
    );
    assert.equal(cookies.length, 4, 'two cookies and their signatures');
    trap.leadsTo = leadsTo;
    trap.cookies = cookies.map(
      ({ name, value }) => `${name}=${value}; Path=/; Domain=openmeet.community; Secure`,
    );
    await victim.goto(`https://${sibling}/`);
  }

  /** Tries all spellings of the way back in the attacker's own browser, and gives what it got there. */
  async function goBack(page: Page, uid: string): Promise<string[]> {
    const given: string[] = [];
    page.on('request', (request) => {
      if (request.url().startsWith(callback)) given.push(request.url());
    });
    const resume = (await page.context().cookies()).filter(({ name }) => name.includes('resume'));
    await page.context().addCookies(resume.map((cookie) => ({ ...cookie, path: '/' })));
    for (const way of ['auth/auth', `AUTH/${uid}`, `auth/${uid}/`, `Auth//${uid}`, `auth/${uid}`]) {
      // The application itself cannot be reached.
      await page.goto(`https://${host}/oidc/${way}`).catch(() => {});
    }
    return given;
  }

  async function heading(page: Page, path: string): Promise<string> {
    await page.goto(`https://${host}${path}`);
    return page.locator('h1').innerText();
  }

  test('gets neither a code nor a session of who walks into a sign-in that they began', async () => {
    const [own, victim] = [await newPage(), await newPage()];
    const page = await begin(own);
    await victim.goto(`https://${host}/`);
    await visitNeighbour(victim, own.context(), page);
    assert.equal(victim.url(), page, 'the victim is on the genuine page');
    const planted = (await victim.context().cookies(page)).map(({ name }) => name);
    assert.ok(planted.includes('__Secure-interaction'), 'with the attacker’s cookie');
    const seen = await victim.locator('h1').innerText();
    await send(victim, page, { email: ada.email, password: ada.password });
    assert.deepEqual(await goBack(own, page.split('/').at(-1) ?? ''), []);
    assert.match(await heading(own, '/account/email'), /^Sign in/);
    assert.equal(seen, 'This page has expired');
  });

  test('signs nobody in as themselves by a way back that they finished', async () => {
    const [own, victim] = [await newPage(), await newPage()];
    const mallory = await world.addPerson({ name: 'Mallory' });
    const page = await begin(own);
    await own.goto(page);
    await send(own, page, { email: mallory.email, password: mallory.password });
    await victim.goto(`https://${host}/`);
    const uid = page.split('/').at(-1);
    for (const way of [`auth/${uid}`, `AUTH/${uid}`, `auth/${uid}/`]) {
      await visitNeighbour(victim, own.context(), `https://${host}/oidc/${way}`);
      assert.ok(victim.url().startsWith(`https://${host}/`), victim.url());
      assert.match(await heading(victim, '/account'), /^Sign in/, way);
    }
    assert.equal((await goBack(own, uid ?? '')).length, 1, 'the attack was a real one');
  });
});
