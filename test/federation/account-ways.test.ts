import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, enterPassword, newVisitor } from '../oidc/application.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import { letProofsGrowOld, visitAccount } from '../pages/account/visitor.ts';
import type { Visitor } from '../support/forms.ts';
import { GoogleStandIn } from './google.ts';
import { type Claims, stranger } from './person.ts';

describe('other ways to sign in, on the account page', () => {
  let google: GoogleStandIn;
  let world: World;
  let app: Application;
  beforeAll(async () => {
    google = await GoogleStandIn.start();
    world = await openWorld({ env: google.env });
    app = await Application.of(world);
  });
  afterAll(async () => {
    await world?.close();
    await google?.stop();
  });

  async function connect(visitor: Visitor, person: Claims) {
    google.person = person;
    const page = await visitor.open(`${world.url}/account/ways`);
    return visitor.submit(page, {}, { button: 'Connect Google' });
  }

  async function signInByGoogle(person: Claims, visitor = newVisitor()) {
    const attempt = await app.request();
    const page = await visitor.open(attempt.url);
    google.person = person;
    return { attempt, page: await visitor.click(page, 'Google') };
  }

  const identitiesOf = (person: Pick<Person, 'id'>) =>
    world.database.query('select subject from identities where account_id = $1', [person.id]);

  test('are connected and removed there, and the owner is told', async () => {
    const owner = await world.addPerson();
    const person = stranger();
    const { visitor } = await visitAccount(world, owner);
    const other = await visitAccount(world, owner);
    const connected = await connect(visitor, person);
    assert.match(connected.text, /It’s connected/);
    const mail = await world.service.mailbox.waitForMail(owner.email);
    assert.match(mail.subject ?? '', /Google was connected/);
    const elsewhere = await other.visitor.open(`${world.url}/account`);
    assert.notEqual(elsewhere.url.pathname, '/account', 'other sessions end');

    const { attempt, page } = await signInByGoogle(person);
    assert.equal((await app.redeem(attempt, page)).claims()?.sub, owner.id);

    const ways = await visitor.open(`${world.url}/account/ways`);
    assert.ok(ways.text.includes(person.email));
    const removed = await visitor.submit(ways, {}, { button: 'Remove' });
    assert.match(removed.text, /It’s removed/);
    assert.deepEqual(await identitiesOf(owner), []);
    const again = await signInByGoogle(person);
    assert.match(again.page.url.pathname, /\/profile$/);
  });

  test('want a proof of the last minutes first', async () => {
    const owner = await world.addPerson();
    const { visitor } = await visitAccount(world, owner);
    await letProofsGrowOld(world);
    const page = await visitor.open(`${world.url}/account/ways`);
    assert.match(page.heading, /Confirm it’s you/);
    const proved = await enterPassword(visitor, page, { ...owner, email: owner.handle });
    assert.equal(proved.url.pathname, '/account/ways');
  });

  test('do not take what signs in to somebody else', async () => {
    const person = stranger();
    const owner = await world.addPerson();
    await connect((await visitAccount(world, owner)).visitor, person);
    const thief = await world.addPerson();
    const page = await connect((await visitAccount(world, thief)).visitor, person);
    assert.match(page.text, /signs in to another account here/);
    assert.deepEqual(await identitiesOf(thief), []);
  });

  test('never go below one that works', async () => {
    const person = stranger({ email_verified: false });
    const visitor = newVisitor();
    const { attempt, page: asked } = await signInByGoogle(person, visitor);
    const page = await visitor.submit(asked, {}, { button: 'Go on without email' });
    const back = await visitor.submit(page, { handle: 'one.way' }, { button: 'Continue' });
    const sub = (await app.redeem(attempt, back)).claims()?.sub as string;
    const ways = await visitor.open(`${world.url}/account/ways`);
    assert.equal(ways.url.pathname, '/account/ways');
    assert.doesNotMatch(ways.text, /Remove/);
    const [{ id } = { id: '' }] = await world.database.query<{ id: string }>(
      'select id from identities where account_id = $1',
      [sub],
    );
    const form = {
      url: ways.url,
      method: 'POST' as const,
      fields: new URLSearchParams({ remove: id }),
    };
    const forced = await visitor.send(form, ways);
    assert.equal(forced.status, 422);
    assert.match(forced.text, /only way left/);
    assert.equal((await identitiesOf({ id: sub })).length, 1);
  });

  test('are not another’s to remove', async () => {
    const owner = await world.addPerson();
    await connect((await visitAccount(world, owner)).visitor, stranger());
    const [{ id } = { id: '' }] = await world.database.query<{ id: string }>(
      'select id from identities where account_id = $1',
      [owner.id],
    );
    const thief = await world.addPerson();
    const { visitor } = await visitAccount(world, thief);
    const ways = await visitor.open(`${world.url}/account/ways`);
    const fields = new URLSearchParams({ remove: id });
    await visitor.send({ url: ways.url, method: 'POST', fields }, ways);
    assert.equal((await identitiesOf(owner)).length, 1);
  });

  test('are not connected through an old tab, by whoever signed in since', async () => {
    const first = await world.addPerson();
    const { visitor } = await visitAccount(world, first);
    google.person = stranger();
    const page = await visitor.open(`${world.url}/account/ways`);
    const { url, fields } = page.fill({}, { button: 'Connect Google' });
    const leaving = await visitor.fetch(url, {
      method: 'POST',
      body: fields.toString(),
      from: page.url,
      headers: { origin: world.url, 'sec-fetch-site': 'same-origin' },
    });
    const answer = await visitor.fetch(String(leaving.headers.location));
    const callback = String(answer.headers.location);
    visitor.cookies.keep(new URL(world.url), ['session=; Max-Age=0; Path=/']);
    const second = await world.addPerson();
    await enterPassword(visitor, await visitor.open(`${world.url}/account`), second);
    const refused = await visitor.open(callback);
    assert.equal(refused.status, 400);
    assert.deepEqual(await identitiesOf(first), []);
    assert.deepEqual(await identitiesOf(second), []);
  });

  test('go with the account that is deleted', async () => {
    const owner = await world.addPerson();
    const person = stranger();
    const { visitor } = await visitAccount(world, owner);
    await connect(visitor, person);
    const page = await visitor.open(`${world.url}/account/delete`);
    await visitor.submit(page, { handle: owner.handle });
    assert.deepEqual(await identitiesOf(owner), []);
    const again = await signInByGoogle(person);
    assert.match(again.page.url.pathname, /\/profile$/);
  });
});
