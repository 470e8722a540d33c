import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  bring,
  type Linked,
  openPlatform,
  type Platform,
  signInPage,
  signInThere,
  whoSignsIn,
} from '../../handoff/hand-off.ts';
import { newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import type { Page } from '../../support/page.ts';
import { visitAccount } from '../account/visitor.ts';

describe('a hand-off asks', () => {
  let world: World;
  let platform: Platform;
  let ann: Linked;
  let bob: Person;
  beforeAll(async () => {
    world = await openWorld();
    platform = await openPlatform(world);
    ann = await platform.addMember({ name: 'Ann' });
    bob = await world.addPerson({ name: 'Bob' });
  });
  afterAll(() => world.close());

  /** A browser in which this person is signed in. */
  const signedIn = async (person: Person) => {
    const stopAt = ({ hostname }: URL) => hostname.endsWith('.example');
    return (await visitAccount(world, person, { stopAt })).visitor;
  };

  const press = (visitor: Visitor, page: Page, button: RegExp) =>
    visitor.submit(page, {}, { button });

  for (const origin of ['https://elsewhere.example', 'http://127.0.0.1:1', 'null']) {
    test(`whoever comes from ${origin}, by the name and the address of the account`, async () => {
      const visitor = newVisitor();
      const page = await bring(visitor, world, await platform.ticketFor(ann), origin);
      assert.equal(page.heading, 'Continue as Ann?');
      assert.ok(page.text.includes(`@${ann.handle}:matrix.example`));
      assert.match(page.text, /Acme Events says that this is you/);
      assert.match((await signInThere(visitor, platform.app)).page.heading, /^Sign in/);
      const there = await press(visitor, page, /^Yes/);
      assert.equal(there.url.href, signInPage);
      assert.equal(await whoSignsIn(visitor, platform.app), ann.id);
    });
  }

  test('and takes a no: the person goes on as themselves', async () => {
    const visitor = newVisitor();
    const ticket = await platform.ticketFor(ann);
    const page = await bring(visitor, world, ticket, 'https://elsewhere.example');
    const there = await press(visitor, page, /not me/);
    assert.equal(there.url.href, signInPage);
    const { page: signIn } = await signInThere(visitor, platform.app);
    assert.match(signIn.heading, /^Sign in/);
    assert.equal((await visitor.open(`${world.url}/handoff`)).status, 400);
  });

  test('where somebody else is signed in, who stays so', async () => {
    const visitor = await signedIn(bob);
    const session = visitor.cookies.find('session')?.value;
    const page = await bring(visitor, world, await platform.ticketFor(ann));
    assert.equal(page.heading, 'Continue as Ann?');
    assert.ok(page.text.includes(`signed in as Bob (@${bob.handle}:matrix.example)`));
    await press(visitor, page, /^Yes/);
    assert.equal(await whoSignsIn(visitor, platform.app), ann.id);
    assert.equal(visitor.cookies.find('session')?.value, session);
    assert.equal(visitor.cookies.find('parked'), undefined);
    const account = await visitor.open(`${world.url}/account`);
    assert.ok(account.text.includes(bob.handle));
    assert.equal(await whoSignsIn(visitor, platform.app), bob.id, 'from then on it is Bob again');
  });

  test('and lets them go on as the one who is signed in', async () => {
    const visitor = await signedIn(bob);
    const page = await bring(visitor, world, await platform.ticketFor(ann));
    await press(visitor, page, /go on as Bob/);
    assert.equal(await whoSignsIn(visitor, platform.app), bob.id);
  });

  test('nothing where the same person is signed in already, and replaces nothing', async () => {
    const visitor = await signedIn(ann);
    for (const origin of ['https://events.example', 'https://elsewhere.example']) {
      const there = await bring(visitor, world, await platform.ticketFor(ann), origin);
      assert.equal(there.url.href, signInPage);
    }
    assert.equal(visitor.cookies.find('handoff'), undefined);
    assert.equal(await whoSignsIn(visitor, platform.app), ann.id);
    assert.equal((await visitor.open(`${world.url}/account`)).url.pathname, '/account');
  });

  test('in the colours of the community, in the language of the person', async () => {
    const visitor = newVisitor({ headers: { 'accept-language': 'de' } });
    const ticket = await platform.ticketFor(ann);
    const page = await bring(visitor, world, ticket, 'https://elsewhere.example');
    assert.equal(page.heading, 'Als Ann weitermachen?');
    assert.match(
      String(page.headers['content-security-policy']),
      /form-action 'self' https:\/\/app\.example;/,
    );
  });
});
