import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  type DataServer,
  type Member,
  type Network,
  startNetwork,
} from '../federation/atproto-network.ts';
import { signInAt } from '../federation/atproto-person.ts';
import type { Device } from './matrix.ts';
import type { Person } from './person.ts';
import { startWorld, type World } from './world.ts';

describe('signing in with Bluesky from a Matrix client', { timeout: 240_000 }, () => {
  let network: Network;
  let home: DataServer;
  let world: World;

  beforeAll(async () => {
    network = await startNetwork();
    home = await network.startDataServer();
    world = await startWorld({
      env: {
        BLUESKY_PLC_URL: network.plcUrl,
        BLUESKY_HANDLE_RESOLVER: home.url,
        UPSTREAM_ALLOWED_NETWORKS: '127.0.0.0/8,::1/128',
      },
    });
  });
  afterAll(() => Promise.all([world?.stop(), network?.close()]));

  /** From the app to the page that asks for a Bluesky handle. */
  async function chooseBluesky(): Promise<Person> {
    const person = await world.newPerson();
    await person.beginSignIn();
    await person.follow(/Bluesky/);
    return person;
  }

  /** Through the data server and back to a page of ours, or to the app. */
  async function pass(person: Person, member: Member, deed = 'Authorize'): Promise<void> {
    await signInAt(person.page, member);
    const button = person.page.getByRole('button', { name: deed });
    await button.click();
    await person.page.waitForURL((url) => url.hostname !== 'localhost');
    await person.page.waitForLoadState();
  }

  async function signUp(member: Member, handle: string): Promise<Device> {
    const person = await chooseBluesky();
    await person.send({ input: member.handle });
    await pass(person, member);
    await person.press('Go on without email');
    await person.send({ name: 'Somebody', handle });
    return person.arrive();
  }

  async function signIn(member: Member, input: string): Promise<Device> {
    const person = await chooseBluesky();
    await person.send({ input });
    await pass(person, member);
    return person.arrive();
  }

  test('ends as @handle:server, and at the same person the next time', async () => {
    const ida = await home.addMember('idalovely');
    const person = await chooseBluesky();
    await person.send({ input: '@idalovely.test' });
    await pass(person, ida);
    assert.equal(await person.page.locator('[name=email]').inputValue(), ida.email);
    await person.send({ email: ida.email });
    await person.enterCode(ida.email);
    assert.equal(await person.page.locator('[name=handle]').inputValue(), 'idalovely');
    await person.send({ name: 'Ida Lovely', handle: 'ida' });
    const first = await person.arrive();
    assert.equal(first.userId, '@ida:matrix.example');
    assert.equal((await first.client.getProfileInfo(first.userId)).displayname, 'Ida Lovely');
    const again = await signIn(ida, home.url);
    assert.equal(again.userId, first.userId);
  });

  test('stays the same person under another handle and on another server', async () => {
    const joe = await home.addMember('joe');
    const { userId } = await signUp(joe, 'joe');
    const body = { handle: 'joseph.test' };
    await home.call('com.atproto.identity.updateHandle', { body, jwt: joe.jwt });
    joe.handle = 'joseph.test';
    assert.equal((await signIn(joe, 'joseph.test')).userId, userId);
    const elsewhere = await network.startDataServer();
    await network.move(joe, home, elsewhere);
    assert.equal((await signIn(joe, joe.did)).userId, userId);
  });

  test('who turns back there chooses again here', async () => {
    const kim = await home.addMember('kim');
    const person = await chooseBluesky();
    await person.send({ input: 'kim.test' });
    await pass(person, kim, 'Deny access');
    assert.match(await person.read(), /cancelled signing in with Bluesky/);
    await person.follow(/Bluesky/);
    await person.send({ input: 'kim.test' });
    await pass(person, kim);
    await person.press('Go on without email');
    await person.send({ name: 'Kim', handle: 'kim' });
    assert.equal((await person.arrive()).userId, '@kim:matrix.example');
  });

  test('says what is wrong with what was typed, and that a server does not answer', async () => {
    const leo = await home.addMember('leo');
    const person = await chooseBluesky();
    await person.send({ input: 'nobody.test' });
    assert.match(await person.read(), /can’t find this handle/);
    await home.stop();
    await person.send({ input: leo.did });
    assert.match(await person.read(), /doesn’t answer/);
    await home.start();
    await person.send({ input: leo.did });
    await pass(person, leo);
    await person.press('Go on without email');
    await person.send({ name: 'Leo', handle: 'leo' });
    assert.equal((await person.arrive()).userId, '@leo:matrix.example');
  });
});
