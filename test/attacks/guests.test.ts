import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { GoogleStandIn } from '../federation/google.ts';
import { stranger } from '../federation/person.ts';
import { Application, newVisitor } from '../oidc/application.ts';
import { addMember, addRoom, memberAs, membersOf } from '../oidc/memberships.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { actionsOn } from '../pages/account/visitor.ts';
import {
  finishNew,
  GuestBook,
  newAddress,
  proveNew,
  signInByCode,
} from '../pages/sign-in/guest-world.ts';
import { call } from '../platform/api.ts';

describe('a platform that made a guest of somebody it does not know', () => {
  let google: GoogleStandIn;
  let world: World;
  let app: Application;
  let guests: GuestBook;
  beforeAll(async () => {
    google = await GoogleStandIn.start();
    world = await openWorld({ env: google.env });
    app = await Application.of(world);
    guests = await GuestBook.open(world);
  });
  afterAll(async () => {
    await world?.close();
    await google?.stop();
  });

  const putTicket = (accountId: string) =>
    world.database.query(
      `insert into handoff_tickets
          (id, tenant_id, account_id, client_id, redirect_uri, issued_by, expires_at)
        values ($1, $2, $3, 'chat', 'https://chat.example/', 'platform', now() + interval '1 hour')`,
      [randomUUID(), world.defaultTenantId, accountId],
    );

  async function accountsCalled(filter: string): Promise<unknown> {
    const { body } = await call(world, `/accounts?${filter}`, { token: guests.token });
    return body.accounts;
  }

  test('has no name, id, slug or ticket of the account that the person makes', async () => {
    const victim = await guests.add(undefined, 'Mallory’s Puppet');
    await putTicket(victim.id);
    const arrival = await proveNew(world, app, victim.email);
    assert.doesNotMatch(arrival.page.body, /Puppet/);
    await finishNew(arrival);
    const [account] = await world.database.query(
      `select id, name, platform_user_id as user, platform_slug as slug from accounts
        where email_key = $1`,
      [victim.email],
    );
    assert.deepEqual(account, { id: victim.id, name: 'Rosa Parks', user: null, slug: null });
    assert.deepEqual(await accountsCalled(`platformUserId=${victim.platformUserId}`), []);
    assert.deepEqual(await accountsCalled(`platformSlug=${victim.platformSlug}`), []);
    const tickets = await world.database.query(
      'select from handoff_tickets where account_id = $1',
      [victim.id],
    );
    assert.equal(tickets.length, 0);
  });

  test('is handed nobody over by the id that it made up', async () => {
    const victim = await guests.add();
    const handOff = async (platformUserId: string) => {
      const [redirectUri] = app.client.redirectUris;
      const body = { platformUserId, clientId: app.client.id, redirectUri };
      const answer = await call(world, '/handoff', { token: guests.token, method: 'POST', body });
      return answer.body.error;
    };
    assert.equal(await handOff(victim.platformUserId), 'account_not_found');
    await finishNew(await proveNew(world, app, victim.email));
    assert.equal(await handOff(victim.platformUserId), 'account_not_found');
    const linked = await world.addPerson();
    await world.database.query('update accounts set platform_user_id = $2 where id = $1', [
      linked.id,
      'u-linked',
    ]);
    assert.equal(await handOff('u-linked'), undefined, 'as it is for accounts that it linked');
  });

  test('puts nobody into a room by the slug, before or after', async () => {
    const victim = await guests.add();
    const early = await addRoom(world, { name: 'Early' });
    const late = await addRoom(world, { name: 'Late' });
    await addMember(world, early, victim.platformSlug, { role: 'organizer' });
    const { page } = await finishNew(await proveNew(world, app, victim.email));
    await addMember(world, late, victim.platformSlug, { role: 'organizer' });
    assert.match(page.text, /Early Event, as organiser · with a say/, 'the role is told');
    assert.deepEqual(await membersOf(world, early), [memberAs(victim.id, 'organizer', true)]);
    const [stranger] = await membersOf(world, late);
    assert.deepEqual([stranger?.member, stranger?.accountId], [victim.platformSlug, null]);
  });

  test('gains nothing for the guest where an account has the slug', async () => {
    const victim = await guests.add();
    const owner = await world.addPerson();
    const room = await addRoom(world, { name: 'The board' });
    await addMember(world, room, victim.platformSlug, { role: 'organizer' });
    await world.database.query('update accounts set platform_slug = $2 where id = $1', [
      owner.id,
      victim.platformSlug,
    ]);
    await finishNew(await proveNew(world, app, victim.email));
    const [member] = await membersOf(world, room);
    assert.deepEqual([member?.member, member?.open], [victim.platformSlug, false]);
  });

  test('gets nothing that is said of an account, by calling somebody by its id', async () => {
    const owner = await world.addPerson();
    const room = await addRoom(world, { name: 'Owned' });
    await addMember(world, room, `account:${owner.id}`, { role: 'organizer' });
    const platformSlug = `account:${owner.id}`;
    const email = newAddress();
    const { token } = guests;
    const guest = { email, name: 'Mallory', platformSlug };
    const made = await call(world, '/guests', { token, method: 'POST', body: guest });
    assert.deepEqual([made.status, made.body.error], [400, 'platform_slug_reserved']);
    await finishNew(await proveNew(world, app, email));
    assert.deepEqual(await membersOf(world, room), [memberAs(owner.id, 'organizer', false)]);
    const mallory = await world.addPerson();
    const path = `/accounts/${mallory.id}/platform`;
    const body = { platformUserId: null, platformSlug };
    const linked = await call(world, path, { token, method: 'PUT', body });
    assert.deepEqual([linked.status, linked.body.error], [400, 'platform_slug_reserved']);
  });

  test('changes nothing of an account: neither its roles in rooms nor its names', async () => {
    const owner = await world.addPerson();
    const victim = await guests.add(owner.email);
    const room = await addRoom(world, { name: 'Quiet room' });
    await addMember(world, room, `account:${owner.id}`, { role: 'attendee' });
    await addMember(world, room, `account:${victim.id}`, { role: 'creator', sequence: 99 });
    await signInByCode(world, app, owner.email);
    assert.deepEqual(await membersOf(world, room), [memberAs(owner.id, 'attendee', false)]);
    const { body } = await guests.account(owner.id);
    assert.deepEqual([body.name, body.platformSlug], [owner.name, null]);
  });
});

describe('whoever is not proved by our own code to have a guest’s address', () => {
  let google: GoogleStandIn;
  let world: World;
  let app: Application;
  let guests: GuestBook;
  beforeAll(async () => {
    google = await GoogleStandIn.start();
    world = await openWorld({ env: google.env });
    app = await Application.of(world);
    guests = await GuestBook.open(world);
  });
  afterAll(async () => {
    await world?.close();
    await google?.stop();
  });

  test('is not the guest by a password', async () => {
    const owner = await world.addPerson();
    const guest = await guests.add(owner.email);
    await app.signIn(newVisitor(), owner);
    assert.ok(await guests.has(guest));
    assert.ok(!(await actionsOn(world, owner.id)).includes('guest.joined'));
  });

  test('is not the guest by another provider’s word', async () => {
    const person = stranger();
    const guest = await guests.add(person.email);
    const visitor = newVisitor();
    const attempt = await app.request();
    google.person = person;
    const page = await visitor.click(await visitor.open(attempt.url), 'Google');
    const back = await visitor.submit(page, { handle: 'by.google' }, { button: 'Continue' });
    const sub = (await app.redeem(attempt, back)).claims()?.sub;
    assert.notEqual(sub, guest.id);
    assert.ok(await guests.has(guest));
  });

  test('is not the guest of another tenant', async () => {
    const other = await world.addTenant();
    const guest = await guests.add(newAddress());
    const foreigner = await world.addPerson({ tenantId: other.id, email: guest.email });
    const arrival = await signInByCode(world, app, guest.email, { tenant: other.slug });
    assert.equal((await app.redeem(arrival.attempt, arrival.page)).claims()?.sub, foreigner.id);
    assert.ok(await guests.has(guest));
  });

  test('cannot sign in as the guest, in any way', async () => {
    const guest = await guests.add();
    const attempt = await app.request();
    const visitor = newVisitor();
    const page = await visitor.open(attempt.url);
    const refused = await visitor.submit(page, {
      email: guest.email,
      password: 'violet-kettle-47',
    });
    assert.match(refused.text, /don’t match/);
    const { page: proved } = await signInByCode(world, app, guest.email);
    assert.match(proved.url.pathname, /\/profile$/, 'a sign-up, as for anybody');
  });

  test('cannot agree for somebody else', async () => {
    const [owner, other] = [await world.addPerson(), await world.addPerson()];
    const room = await addRoom(world, { name: 'Private' });
    await addMember(world, room, `account:${owner.id}`, { open: true });
    const thief = newVisitor();
    await app.signIn(thief, other);
    const form = { url: new URL(`${world.url}/account/memberships`), method: 'POST' as const };
    const fields = new URLSearchParams({ [`membership-${room}`]: 'keep' });
    const account = await thief.open(`${world.url}/account`);
    await thief.send({ ...form, fields }, account);
    assert.deepEqual(await membersOf(world, room), [memberAs(owner.id, 'attendee', true)]);
    const foreign = await thief.fetch(form.url, {
      method: 'POST',
      body: fields.toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'https://evil.example',
        'sec-fetch-site': 'cross-site',
      },
    });
    assert.equal(foreign.status, 403);
  });
});
