import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  assertExpired,
  bring,
  events,
  type Linked,
  openPlatform,
  type Platform,
  signInPage,
  whoSignsIn,
} from '../handoff/hand-off.ts';
import { Application, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';

describe('who abuses a hand-off', () => {
  let world: World;
  let platform: Platform;
  let other: Application;
  let ann: Linked;
  beforeAll(async () => {
    world = await openWorld();
    platform = await openPlatform(world);
    other = await Application.of(world);
    ann = await platform.addMember({ name: 'Ann' });
  });
  afterAll(() => world.close());

  const sql = (text: string, ...values: unknown[]) => world.database.query(text, values);

  const signsIn = (visitor: Visitor, app = platform.app, params = {}) =>
    whoSignsIn(visitor, app, params);

  test('cannot sign a person in as somebody else by another site’s form (login CSRF)', async () => {
    const mallory = await platform.addMember({ name: 'Mallory' });
    const victim = newVisitor();
    const page = await bring(
      victim,
      world,
      await platform.ticketFor(mallory),
      'https://evil.example',
    );
    assert.equal(page.heading, 'Continue as Mallory?');
    assert.equal(await signsIn(victim), undefined, 'nobody, unless the person says yes');
    const yes = page.fill({});
    for (const origin of ['https://evil.example', 'null', events]) {
      const answer = await victim.fetch(yes.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...{ origin, 'sec-fetch-site': 'cross-site' },
        },
        body: yes.fields.toString(),
      });
      assert.equal(answer.status, 403, origin);
    }
    assert.equal(await signsIn(victim), undefined);
  });

  test('cannot change whom the person says yes to', async () => {
    const mallory = await platform.addMember({ name: 'Mallory' });
    const victim = newVisitor();
    const shown = await bring(victim, world, await platform.ticketFor(ann), 'https://a.example');
    await bring(victim, world, await platform.ticketFor(mallory), 'https://evil.example');
    const next = await victim.submit(shown, {}, { button: /^Yes/ });
    assert.equal(next.heading, 'Continue as Mallory?');
    assert.equal(await signsIn(victim), undefined);
  });

  test('cannot use a ticket that was used, whoever sees it later', async () => {
    const ticket = await platform.ticketFor(ann);
    const person = newVisitor();
    await bring(person, world, ticket);
    const thief = newVisitor();
    await assertExpired(thief, platform.app, await bring(thief, world, ticket));
    assert.equal(await signsIn(person), ann.id);
    await assertExpired(person, platform.app, await bring(person, world, ticket));
  });

  test('cannot use one ticket in many browsers at once', async () => {
    const ticket = await platform.ticketFor(ann);
    const visitors = Array.from({ length: 20 }, () => newVisitor());
    const pages = await Promise.all(visitors.map((visitor) => bring(visitor, world, ticket)));
    assert.equal(pages.filter(({ url }) => url.href === signInPage).length, 1);
  });

  test('cannot use one leave for many sign-ins at once', async () => {
    const visitor = newVisitor();
    await bring(visitor, world, await platform.ticketFor(ann));
    const copies = Array.from({ length: 10 }, () => {
      const copy = newVisitor();
      for (const { name, value } of visitor.cookies.all) {
        copy.cookies.set(world.url, `${name}=${value}; Path=/`);
      }
      return copy;
    });
    const signedIn = await Promise.all(copies.map((copy) => signsIn(copy)));
    assert.deepEqual(signedIn.filter(Boolean), [ann.id]);
  });

  test('cannot use a ticket after a minute, or a leave after five', async () => {
    const late = newVisitor();
    const ticket = await platform.ticketFor(ann);
    await sql(`update handoff_tickets set expires_at = now() - interval '1 second'`);
    await assertExpired(late, platform.app, await bring(late, world, ticket));
    const slow = newVisitor();
    await bring(slow, world, await platform.ticketFor(ann));
    await sql(`update handoff_tickets set expires_at = now() - interval '1 second'`);
    assert.equal(await signsIn(slow), undefined);
  });

  test('cannot use a leave in another browser', async () => {
    const visitor = newVisitor();
    await bring(visitor, world, await platform.ticketFor(ann));
    const leave = visitor.cookies.find('handoff')?.value;
    const thief = newVisitor();
    thief.cookies.set(world.url, `handoff=${leave}; Path=/`);
    assert.equal(await signsIn(thief), undefined);
    assert.equal(await signsIn(visitor), ann.id);
  });

  test('cannot use it at another application, or in another tenant', async () => {
    const visitor = newVisitor();
    await bring(visitor, world, await platform.ticketFor(ann));
    assert.equal(await signsIn(visitor, other), undefined);
    const tenant = await world.addTenant();
    assert.equal(await signsIn(visitor), ann.id, 'it stays good for its own');
    await bring(visitor, world, await platform.ticketFor(ann));
    assert.equal(await signsIn(visitor, platform.app, { tenant: tenant.slug }), undefined);
    const bound = await Application.of(world, { tenantIds: [tenant.id] });
    assert.equal(await signsIn(visitor, bound), undefined);
  });

  test('cannot make up a leave, or take a ticket for one', async () => {
    const ticket = await platform.ticketFor(ann);
    const facts = {
      id: world.fingerprints.of('handoff', ticket),
      clientId: platform.app.client.id,
    };
    for (const value of [ticket, btoa(JSON.stringify({ facts, until: Date.now() + 60_000 }))]) {
      const visitor = newVisitor();
      visitor.cookies.set(world.url, `handoff=${value}; Path=/`);
      assert.equal((await visitor.open(`${world.url}/handoff`)).status, 400);
      assert.equal(await signsIn(visitor), undefined);
    }
    const inAddress = await newVisitor().open(`${world.url}/handoff?ticket=${ticket}`);
    assert.equal(inAddress.status, 400, 'a ticket in an address is none');
  });

  test('cannot lead the browser elsewhere (open redirect)', async () => {
    for (const redirectUri of [
      'https://evil.example/',
      'https://app.example.evil.example/login',
      'https://app.example@evil.example/',
      '//evil.example/',
      'javascript:alert(1)',
    ]) {
      const order = { userSlug: ann.slug, clientId: platform.app.client.id, redirectUri };
      const { status, body } = await platform.ask(order);
      assert.deepEqual([status, body.error], [400, 'redirect_uri_not_allowed'], redirectUri);
    }
    const visitor = newVisitor();
    const form = new URLSearchParams({
      ticket: await platform.ticketFor(ann),
      redirectUri: 'https://evil.example/',
      redirect_uri: 'https://evil.example/',
    });
    const url = new URL(`${world.url}/handoff?redirectUri=https://evil.example/`);
    const page = await visitor.send({ url, method: 'POST', fields: form });
    assert.ok(visitor.visited.every(({ hostname }) => hostname !== 'evil.example'));
    assert.equal((await visitor.submit(page, {}, { button: /^Yes/ })).url.href, signInPage);
  });

  test('cannot change, link or unlink anything with it', async () => {
    const visitor = newVisitor();
    await bring(visitor, world, await platform.ticketFor(ann));
    assert.equal(await signsIn(visitor), ann.id);
    for (const path of ['', '/password', '/email', '/ways', '/delete', '/data']) {
      const page = await visitor.open(`${world.url}/account${path}`);
      assert.match(page.heading, /^Sign in/, path);
      assert.ok(!page.text.includes('Ann'), path);
    }
  });
});
