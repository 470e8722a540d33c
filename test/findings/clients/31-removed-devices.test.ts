import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { lastLook, noteDevices } from '../../../src/matrix/devices.store.ts';
import { Application, answerOf, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';

const backchannelLogoutUri = 'https://matrix.example/_synapse/client/oidc/backchannel_logout';

/** The client of a homeserver. */
const homeserver = (world: World, idpId = 'acme') =>
  Application.of(world, { idpId, backchannelLogoutUri });

async function press(app: Application, visitor: Visitor, params: Record<string, string> = {}) {
  const attempt = await app.request(params);
  return { attempt, page: await visitor.open(attempt.url) };
}

describe('a sign-in to Matrix, where the homeserver can be asked', () => {
  let world: World;
  let chat: Application;
  beforeAll(async () => {
    // Nobody answers there, so no look of the worker ever ends.
    const env = { MATRIX_PROVISIONING: 'on', SYNAPSE_URL: 'http://127.0.0.1:1' };
    world = await openWorld({ env });
    chat = await homeserver(world);
  });
  afterAll(() => world?.close());

  /** What the worker would see. */
  async function see({ id }: Person, devices: string[]): Promise<void> {
    const { looks = 0 } = (await lastLook(world.database, id)) ?? {};
    assert.ok(await noteDevices(world.database, id, devices, looks));
  }
  const isGone = async ({ id }: Person) => {
    const look = await lastLook(world.database, id);
    return look?.removedAt !== null;
  };

  async function signedIn() {
    const person = await world.addPerson();
    const visitor = newVisitor();
    await chat.signIn(visitor, person);
    return { person, visitor };
  }

  test('wants a proof when it cannot find out whether a device was removed', async () => {
    const { visitor } = await signedIn();
    const { page } = await press(chat, visitor);
    assert.ok(page.has('[name=password]'), page.text);
    const silent = await press(chat, visitor, { prompt: 'none' });
    assert.equal(answerOf(silent.page).error, 'login_required');
  });

  test('wants a proof when one was removed, and none after it', async () => {
    const { person, visitor } = await signedIn();
    await see(person, ['TABLET']);
    await see(person, []);
    // A proof of the second in which it was noticed was given after it.
    await world.database.query(
      "update oidc_artifacts set payload = payload || '{\"loginTs\": 1}' where account_id = $1 and model = 'Session'",
      [person.id],
    );
    const { attempt, page } = await press(chat, visitor);
    const back = await visitor.submit(page, { password: person.password });
    assert.equal((await chat.redeem(attempt, back)).claims()?.sub, person.id);
  });

  test('does not take a new device, or one that stands, for one that was removed', async () => {
    const { person } = await signedIn();
    await see(person, ['TABLET']);
    await see(person, ['TABLET', 'PHONE']);
    await see(person, ['PHONE', 'TABLET']);
    assert.equal(await isGone(person), false);
    await see(person, ['PHONE', 'LAPTOP']);
    assert.equal(await isGone(person), true);
  });

  test('believes the later of two looks at once', async () => {
    const { person } = await signedIn();
    await see(person, ['TABLET']);
    await see(person, ['TABLET', 'PHONE']);
    assert.equal(await noteDevices(world.database, person.id, ['TABLET'], 1), false);
    assert.equal(await isGone(person), false);
  });

  test('wants none of somebody who never signed in there', async () => {
    const person = await world.addPerson();
    const visitor = newVisitor();
    await (await Application.of(world)).signIn(visitor, person);
    const { attempt, page } = await press(chat, visitor);
    assert.equal((await chat.redeem(attempt, page)).claims()?.sub, person.id);
  });
});

describe('a sign-in to Matrix, where nobody can ask the homeserver', () => {
  let world: World;
  let chat: Application;
  beforeAll(async () => {
    world = await openWorld();
    chat = await homeserver(world);
  });
  afterAll(() => world?.close());

  test('is good for one device a proof, in each browser', async () => {
    const person = await world.addPerson();
    const [visitor, other] = [newVisitor(), newVisitor()];
    await chat.signIn(visitor, person);
    await chat.signIn(other, person);
    for (const browser of [visitor, other, visitor]) {
      const { attempt, page } = await press(chat, browser);
      const back = await browser.submit(page, { password: person.password });
      await chat.redeem(attempt, back);
    }
  });

  test('counts when the homeserver redeemed the code, and at that homeserver', async () => {
    const person = await world.addPerson();
    const visitor = newVisitor();
    await (await Application.of(world)).signIn(visitor, person);
    answerOf((await press(chat, visitor)).page);
    const { attempt, page } = await press(chat, visitor);
    await chat.redeem(attempt, page);
    assert.ok((await press(chat, visitor)).page.has('[name=password]'));
    answerOf((await press(await homeserver(world, 'second'), visitor)).page);
  });
});
