import assert from 'node:assert/strict';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, enterPassword, newVisitor } from '../oidc/application.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import { visitAccount } from '../pages/account/visitor.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import type { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';
import { type DataServer, type Member, type Network, startNetwork } from './atproto-network.ts';
import { passDataServer } from './atproto-person.ts';

describe('accounts and Bluesky', { timeout: 240_000 }, () => {
  let network: Network;
  let home: DataServer;
  let browser: TestBrowser;
  let world: World;
  let app: Application;

  beforeAll(async () => {
    [network, browser] = await Promise.all([startNetwork(), openBrowser()]);
    home = await network.startDataServer();
    world = await openWorld({
      env: {
        BLUESKY_PLC_URL: network.plcUrl,
        BLUESKY_HANDLE_RESOLVER: home.url,
        UPSTREAM_ALLOWED_NETWORKS: '127.0.0.0/8,::1/128',
      },
    });
    app = await Application.of(world);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
    await network?.close();
  });

  /** A browser that stops at the data server, whose pages need scripts: another one passes them. */
  const stopAt = ({ hostname }: URL) => hostname === 'localhost' || hostname.endsWith('.example');
  const newPerson = () => newVisitor({ stopAt });

  async function passing(page: Page, member: Member): Promise<URL> {
    assert.equal(page.url.hostname, 'localhost', page.text);
    const person: BrowserContext = await browser.newPerson();
    try {
      return await passDataServer(person, page.url, { member });
    } finally {
      await person.close();
    }
  }

  async function arrive(member: Member, visitor: Visitor = newPerson()) {
    const attempt = await app.request();
    const page = await visitor.open(attempt.url);
    const asked = await visitor.click(page, 'Bluesky');
    const leaving = await visitor.submit(asked, { input: member.handle });
    return { visitor, attempt, page: await visitor.open(await passing(leaving, member)) };
  }

  async function signUp(visitor: Visitor, page: Page): Promise<Page> {
    const profile = await visitor.submit(page, {}, { button: 'Go on without email' });
    return visitor.submit(profile, { name: 'Mort', handle: 'mortal' }, { button: 'Continue' });
  }

  async function connect(visitor: Visitor, member: Member): Promise<Page> {
    const page = await visitor.open(`${world.url}/account/ways`);
    return visitor.submit(page, { input: member.handle }, { button: 'Connect Bluesky' });
  }

  /** As the account page's visitor, but stopping at the data server. */
  async function visitorOf(owner: Person): Promise<Visitor> {
    return (await visitAccount(world, owner, { stopAt })).visitor;
  }

  const holderOf = async ({ did }: Member) => {
    const [row] = await world.database.query<{ id: string }>(
      'select account_id as id from identities where subject = $1',
      [did],
    );
    return row?.id;
  };

  async function signIn(member: Member): Promise<string | undefined> {
    const { attempt, page } = await arrive(member);
    return (await app.redeem(attempt, page)).claims()?.sub;
  }

  async function failures(): Promise<string[]> {
    const rows = await world.database.query<{ reason: string }>(
      `select detail->>'reason' as reason from audit
        where action = 'upstream.sign_in_failed' order by id`,
    );
    return rows.map(({ reason }) => reason);
  }

  test('nothing is half made when all dies between the answer and the account', async () => {
    const member = await home.addMember('mortal');
    const { visitor, page } = await arrive(member);
    await world.service.kill('SIGKILL');
    assert.equal(await holderOf(member), undefined);
    assert.deepEqual(await world.database.query('select key from atproto_state'), []);
    await world.service.restart();
    const sent = signUp(visitor, page).catch(() => undefined);
    await world.service.kill('SIGKILL');
    await sent;
    await world.service.restart();
    const strays = await world.database.query(
      'select from accounts a where not exists (select from identities where account_id = a.id)',
    );
    assert.deepEqual(strays, []);
    const again = await arrive(member);
    const known = again.page.status === 0;
    const back = known ? again.page : await signUp(again.visitor, again.page);
    assert.equal((await app.redeem(again.attempt, back)).claims()?.matrix_handle, 'mortal');
  });

  test('an address proved on the way leads to the account that has it', async () => {
    const member = await home.addMember('linked');
    const owner = await world.addPerson({ email: member.email });
    const { visitor, attempt, page } = await arrive(member);
    assert.equal(page.value('email'), member.email);
    const code = await visitor.submit(page, {}, { button: 'Send code' });
    const mail = await world.service.mailbox.waitForMail(member.email);
    const offer = await visitor.submit(code, { code: codeIn(mail) });
    assert.match(offer.heading, /Connect Bluesky to your account/);
    assert.equal(await holderOf(member), undefined);
    const back = await visitor.submit(offer, {}, { button: 'Connect Bluesky' });
    assert.equal((await app.redeem(attempt, back)).claims()?.sub, owner.id);
    assert.equal(await signIn(member), owner.id);
  });

  test('is connected and removed on the account page', async () => {
    const member = await home.addMember('connected');
    const owner = await world.addPerson();
    const visitor = await visitorOf(owner);
    const unknown = await connect(visitor, { ...member, handle: 'nobody.test' });
    assert.match(unknown.text, /can’t find this handle/);
    const done = await visitor.open(await passing(await connect(visitor, member), member));
    assert.match(done.text, /It’s connected/);
    const mail = await world.service.mailbox.waitForMail(owner.email);
    assert.match(mail.subject ?? '', /Bluesky was connected/);
    assert.equal(await signIn(member), owner.id);
    const ways = await visitor.open(`${world.url}/account/ways`);
    assert.ok(ways.text.includes('connected.test'));
    await visitor.submit(ways, {}, { button: 'Remove' });
    assert.equal(await holderOf(member), undefined);
  });

  test('is not connected to whoever signs in to another account in the meantime', async () => {
    const member = await home.addMember('old-tab');
    const first = await world.addPerson();
    const visitor = await visitorOf(first);
    const callback = await passing(await connect(visitor, member), member);
    visitor.cookies.keep(new URL(world.url), ['session=; Max-Age=0; Path=/']);
    const other = await world.addPerson();
    await enterPassword(visitor, await visitor.open(`${world.url}/account`), other);
    assert.equal((await visitor.open(callback)).status, 400);
    assert.equal(await holderOf(member), undefined);
  });

  test('a server that is down, before or after the person was there, connects nothing', async () => {
    const member = await home.addMember('patient');
    const owner = await world.addPerson();
    const visitor = await visitorOf(owner);
    const before = (await failures()).length;
    await home.stop();
    // By DID: who the handle belongs to is asked of the server that is down.
    const down = await connect(visitor, { ...member, handle: member.did });
    assert.equal(down.url.pathname, '/account/ways');
    assert.match(down.text, /doesn’t answer/);
    await home.start();
    const callback = await passing(await connect(visitor, member), member);
    await home.stop();
    const failed = await visitor.open(callback);
    assert.equal(failed.url.pathname, '/account/ways');
    assert.match(failed.text, /doesn’t answer|didn’t work/);
    assert.equal(await holderOf(member), undefined);
    assert.equal((await failures()).length, before + 2, 'the operator reads of both');
    await home.start();
    const done = await visitor.open(await passing(await connect(visitor, member), member));
    assert.match(done.text, /It’s connected/);
    assert.equal(await holderOf(member), owner.id);
  });
});
