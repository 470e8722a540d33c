import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { GoogleStandIn } from '../federation/google.ts';
import { stranger } from '../federation/person.ts';
import { bring, openPlatform } from '../handoff/hand-off.ts';
import {
  acceptInvitation,
  accountsOf,
  choose,
  finish,
  inviteTo,
  leftOf,
  newEmail,
  newHandle,
  proveAddress,
} from '../pages/invitation/invitee.ts';
import { GuestBook, newAddress } from '../pages/sign-in/guest-world.ts';
import { codeIn } from '../support/mail.ts';
import { Application, newVisitor } from './application.ts';
import { addMember, addRoom, memberAs, membersOf } from './memberships.ts';
import { merge, statusOf } from './merging.ts';
import { openWorld, type World } from './world.ts';

describe('ways to become a member, met together', () => {
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

  const set = (tenantId: string, setting: string) =>
    world.database.query(`update tenants set ${setting} where id = $1`, [tenantId]);

  async function accountOf(email: string): Promise<{ id: string; handle: string } | undefined> {
    const [row] = await world.database.query<{ id: string; handle: string }>(
      `select a.id, h.handle from accounts a join handles h on h.account_id = a.id
        where a.email_key = $1 and h.state = 'active'`,
      [email],
    );
    return row;
  }

  /** A guest who is a member of a room by the guest's id. */
  async function invitedGuest(tenantId: string) {
    const guest = await (await GuestBook.open(world, tenantId)).add(newAddress());
    const room = await addRoom(world, { name: 'Workshop', tenantId });
    await addMember(world, room, `account:${guest.id}`, { tenantId });
    return { guest, room };
  }

  test('a guest with an invitation of their own keeps id, memberships and the kept handle', async () => {
    const { id: tenantId } = await world.addTenant({ signUp: 'closed' });
    const { guest, room } = await invitedGuest(tenantId);
    const handle = newHandle();
    const { id, link } = await inviteTo(world, { tenantId, email: guest.email, handle });
    const visitor = newVisitor();
    const signUp = await acceptInvitation(visitor, link);
    const profile = await proveAddress(world, visitor, signUp, guest.email);
    assert.equal(profile.value('handle'), handle);
    await finish(visitor, profile, handle);
    assert.deepEqual(await accountOf(guest.email), { id: guest.id, handle });
    assert.deepEqual(await membersOf(world, room), [memberAs(guest.id, 'attendee', true)]);
    assert.deepEqual(await leftOf(world, id), { left: 0, used: 1 });
  });

  test('a guest with an invitation for anybody keeps the memberships', async () => {
    const { id: tenantId } = await world.addTenant({ signUp: 'closed' });
    const { guest, room } = await invitedGuest(tenantId);
    const handle = newHandle();
    const { link } = await inviteTo(world, { tenantId, handle });
    const visitor = newVisitor();
    const signUp = await acceptInvitation(visitor, link);
    await finish(visitor, await proveAddress(world, visitor, signUp, guest.email), handle);
    const account = await accountOf(guest.email);
    assert.equal(account?.handle, handle);
    assert.deepEqual(await membersOf(world, room), [memberAs(account?.id ?? '', 'attendee', true)]);
  });

  test('whoever comes by a link for anybody gets nothing of a guest who tried it before', async () => {
    const { id: tenantId } = await world.addTenant({ signUp: 'closed' });
    const { guest, room } = await invitedGuest(tenantId);
    const handle = newHandle();
    const { link } = await inviteTo(world, { tenantId, handle });
    const [first, second] = [newVisitor(), newVisitor()];
    const left = await proveAddress(world, first, await acceptInvitation(first, link), guest.email);
    assert.equal(left.value('handle'), handle);
    const email = newEmail();
    const profile = await proveAddress(world, second, await acceptInvitation(second, link), email);
    await finish(second, profile, handle);
    assert.notEqual((await accountOf(email))?.id, guest.id);
    assert.deepEqual(await membersOf(world, room), [memberAs(guest.id, 'attendee', false)]);
    const refused = await choose(first, left, newHandle());
    assert.equal(refused.status, 403);
    assert.equal(await accountOf(guest.email), undefined);
  });

  test('a guest waits for approval like anybody, and is in no room meanwhile', async () => {
    const { id: tenantId, slug } = await world.addTenant();
    await set(tenantId, 'sign_up_approval = true');
    const { guest, room } = await invitedGuest(tenantId);
    const arrive = async () => {
      const visitor = newVisitor();
      const signUp = await visitor.open(
        (await app.request({ prompt: 'create', tenant: slug })).url,
      );
      return { visitor, page: await proveAddress(world, visitor, signUp, guest.email) };
    };
    assert.equal((await arrive()).page.heading, `${slug} will let you know`);
    assert.deepEqual(await membersOf(world, room), [memberAs(guest.id, 'attendee', false)]);
    await world.database.query(
      "update sign_up_requests set state = 'approved' where tenant_id = $1",
      [tenantId],
    );
    const { visitor, page } = await arrive();
    const asked = await finish(visitor, page, newHandle());
    assert.match(asked.text, /Workshop/);
    assert.equal((await accountOf(guest.email))?.id, guest.id);
    assert.deepEqual(await membersOf(world, room), [memberAs(guest.id, 'attendee', true)]);
  });

  test('an approval is worth nothing once the community is closed, and an invitation is', async () => {
    const { id: tenantId, slug } = await world.addTenant();
    await set(tenantId, 'sign_up_approval = true');
    const visitor = newVisitor();
    const signUp = await visitor.open((await app.request({ prompt: 'create', tenant: slug })).url);
    const email = newEmail();
    const waiting = await proveAddress(world, visitor, signUp, email);
    await world.database.query(
      "update sign_up_requests set state = 'approved' where tenant_id = $1",
      [tenantId],
    );
    const profile = await visitor.submit(waiting, {}, { button: 'Check again' });
    await set(tenantId, "sign_up = 'closed'");
    assert.equal((await choose(visitor, profile, newHandle())).status, 403);
    assert.deepEqual(await accountsOf(world, tenantId), []);
    const { link } = await inviteTo(world, { tenantId });
    const again = await acceptInvitation(visitor, link);
    await finish(visitor, await proveAddress(world, visitor, again, email), newHandle());
    assert.deepEqual(await accountsOf(world, tenantId), [email]);
  });

  test('an invited person whom a provider sends without an address proves one first', async () => {
    const { id: tenantId } = await world.addTenant({ signUp: 'closed' });
    await set(tenantId, 'email_required = true');
    const handle = newHandle();
    const email = newEmail();
    const { id, link } = await inviteTo(world, { tenantId, email, handle });
    const visitor = newVisitor();
    const signUp = await acceptInvitation(visitor, link);
    const { email: unused, email_verified, ...person } = stranger();
    google.person = person;
    const asked = await visitor.click(signUp, 'Google');
    assert.ok(!asked.has('[name=skip]'), asked.text);
    const code = await visitor.submit(asked, { email }, { button: 'Send code' });
    const mail = await world.service.mailbox.waitForMail(email);
    const profile = await visitor.submit(code, { code: codeIn(mail) });
    assert.equal(profile.value('handle'), handle);
    const account = await choose(visitor, profile, handle);
    assert.equal(account.url.pathname, '/account');
    assert.equal((await accountOf(email))?.handle, handle);
    assert.deepEqual(await leftOf(world, id), { left: 0, used: 1 });
  });

  test('a hand-off that is open ends with the account that is merged away', async () => {
    const platform = await openPlatform(world);
    const dropped = await platform.addMember();
    const kept = await world.addPerson();
    const brought = newVisitor();
    const ticket = await platform.ticketFor(dropped);
    const taken = await platform.ticketFor(dropped);
    const page = await bring(brought, world, taken, 'https://elsewhere.example');
    assert.match(page.heading, /Continue as/);
    await merge(world, kept, dropped, kept);
    assert.equal(await statusOf(world, dropped), 'deleted');
    assert.equal((await brought.submit(page)).status, 400);
    assert.equal((await bring(newVisitor(), world, ticket)).status, 400);
  });

  test('an account that is deleted stays counted as a use of its invitation', async () => {
    const { id: tenantId } = await world.addTenant({ signUp: 'closed' });
    const { id, link } = await inviteTo(world, { tenantId, uses: 2 });
    const email = newEmail();
    const handle = newHandle();
    const visitor = newVisitor();
    const signUp = await acceptInvitation(visitor, link);
    await finish(visitor, await proveAddress(world, visitor, signUp, email), handle);
    await world.service.cli('accounts', 'delete', handle, '--yes');
    assert.deepEqual(await leftOf(world, id), { left: 1, used: 1 });
    const again = await acceptInvitation(newVisitor(), link);
    assert.equal(again.status, 200);
  });

  test('an account that is deleted leaves no address with the invitation it came by', async () => {
    const { id: tenantId } = await world.addTenant({ signUp: 'closed' });
    const [email, handle] = [newEmail(), newHandle()];
    const { id, link } = await inviteTo(world, { tenantId, email });
    const visitor = newVisitor();
    const signUp = await acceptInvitation(visitor, link);
    await finish(visitor, await proveAddress(world, visitor, signUp, email), handle);
    await world.service.cli('accounts', 'delete', handle, '--yes');
    const rows = await world.database.query(
      'select email, email_key as key, uses_left as left from invitations where id = $1',
      [id],
    );
    assert.deepEqual(rows, [{ email: null, key: null, left: 0 }]);
  });
});
