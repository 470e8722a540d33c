import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { invitationById } from '../../src/admission/invitations.store.ts';
import { revokeInvitation } from '../../src/admission/invitations.ts';
import { Application, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
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
import type { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';

describe('somebody who misuses an invitation', () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
  });
  afterAll(() => world.close());

  const closedTenant = () => world.addTenant({ signUp: 'closed' });

  /** As far as the proof of an address: what follows is the choice of a handle, or a refusal. */
  const proveAt = async (visitor: Visitor, signUp: Page, email = newEmail()) =>
    proveAddress(world, visitor, signUp, email);

  async function signUpAt(visitor: Visitor, tenant: string): Promise<Page> {
    return visitor.open((await app.request({ prompt: 'create', tenant })).url);
  }

  function told(page: Page, words: RegExp): void {
    assert.equal(page.status, 403, page.text);
    assert.match(page.text, words);
  }

  test('cannot guess one, nor learn anything by trying', async () => {
    const { id: tenantId } = await closedTenant();
    const { link } = await inviteTo(world, { tenantId });
    const token = new URL(link).searchParams.get('token') ?? '';
    const flipped = `${token.slice(0, -2)}${token.endsWith('A') ? 'BB' : 'AA'}`;
    const guesses = [flipped, randomBytes(32).toString('base64url'), `${token}A`, '', "' or 1=1"];
    const visitor = newVisitor();
    const real = await visitor.open(link);
    const answers = new Set<string>();
    for (const guess of guesses) {
      const opened = await newVisitor().open(
        `${world.url}/invitation?token=${encodeURIComponent(guess)}`,
      );
      const posted = await visitor.submit(real, { token: guess });
      for (const { status, heading } of [opened, posted]) answers.add(`${status} ${heading}`);
    }
    assert.deepEqual([...answers], ['404 We don’t know this invitation']);
  });

  test('cannot use one twice, also where it was accepted before it was used up', async () => {
    const { id: tenantId } = await closedTenant();
    const { id, link } = await inviteTo(world, { tenantId });
    const [first, second] = [newVisitor(), newVisitor()];
    const signUps = [await acceptInvitation(first, link), await acceptInvitation(second, link)];
    const profile = await proveAt(first, signUps[0] as Page);
    await finish(first, profile, newHandle());
    told(await proveAt(second, signUps[1] as Page), /This invitation was used already/);
    assert.deepEqual(await leftOf(world, id), { left: 0, used: 1 });
  });

  test('cannot use it in another community', async () => {
    const [own, other] = [await closedTenant(), await closedTenant()];
    const { id, link } = await inviteTo(world, { tenantId: own.id });
    const visitor = newVisitor();
    await acceptInvitation(visitor, link);
    const signUp = await signUpAt(visitor, other.slug);
    const refused = await visitor.submit(signUp, { email: newEmail() });
    told(refused, /takes no new accounts/);
    const signIn = await visitor.open((await app.request({ tenant: other.slug })).url);
    const email = newEmail();
    const code = await visitor.submit(signIn, { email }, { button: /code/i });
    const mail = await world.service.mailbox.waitForMail(email);
    told(await visitor.submit(code, { code: codeIn(mail) }), /takes no new accounts/);
    assert.deepEqual(await leftOf(world, id), { left: 1, used: 0 });
  });

  test('cannot use one that is for another address, nor take the handle that it keeps', async () => {
    const closed = await closedTenant();
    const email = newEmail();
    const handle = newHandle();
    const { id, link } = await inviteTo(world, { tenantId: closed.id, email, handle });
    const thief = newVisitor();
    const shown = await thief.open(link);
    assert.ok(!shown.body.includes(email), 'the page tells the address to nobody');
    told(await proveAt(thief, await acceptInvitation(thief, link)), /for another address/);
    await world.database.query(`update tenants set sign_up = 'open' where id = $1`, [closed.id]);
    const profile = await proveAt(thief, await signUpAt(thief, closed.slug));
    assert.equal((await choose(thief, profile, handle)).status, 422);
    assert.deepEqual(await leftOf(world, id), { left: 1, used: 0 });
    const owner = newVisitor();
    const own = await proveAt(owner, await acceptInvitation(owner, link), email.toUpperCase());
    assert.match((await finish(owner, own, handle)).text, new RegExp(`@${handle}:`));
  });

  for (const [end, words] of [
    ['revoked', /has ended/],
    ['expired', /has ended/],
  ] as const) {
    test(`cannot use one that was ${end} on the way, at any step`, async () => {
      const { id: tenantId } = await closedTenant();
      const handle = newHandle();
      const invitation = await inviteTo(world, { tenantId, handle });
      const [early, late] = [newVisitor(), newVisitor()];
      const signUp = await acceptInvitation(early, invitation.link);
      const profile = await proveAt(late, await acceptInvitation(late, invitation.link));
      assert.equal(profile.value('handle'), handle);
      await endIt(invitation.id, end);
      told(await proveAt(early, signUp), words);
      told(await choose(late, profile, newHandle()), words);
      told(await choose(late, profile, handle), words);
      assert.deepEqual(await accountsOf(world, tenantId), []);
    });
  }

  test('frees the handle that it kept when it is revoked', async () => {
    const { id: tenantId } = await closedTenant();
    const handle = newHandle();
    const { id } = await inviteTo(world, { tenantId, handle });
    await endIt(id, 'revoked');
    const rows = await world.database.query('select from handles where handle = $1', [handle]);
    assert.equal(rows.length, 0);
  });

  async function endIt(id: string, end: 'revoked' | 'expired'): Promise<void> {
    const { database } = world;
    if (end === 'expired') {
      await database.query('update invitations set expires_at = now() where id = $1', [id]);
      await database.query('update handles set held_until = now() where held_by = $1', [
        `invitation:${id}`,
      ]);
      return;
    }
    const invitation = await invitationById(database, id);
    assert.ok(invitation);
    await database.transaction((tx) => revokeInvitation(tx, invitation, 'operator'));
  }

  test('cannot carry it into another browser by its cookie', async () => {
    const { id: tenantId, slug } = await closedTenant();
    const { link } = await inviteTo(world, { tenantId });
    const visitor = newVisitor();
    await acceptInvitation(visitor, link);
    const stolen = visitor.cookies.find('invitation');
    assert.ok(stolen);
    const thief = newVisitor();
    thief.cookies.set(world.url, `invitation=${stolen.value}`);
    const refused = await thief.submit(await signUpAt(thief, slug), { email: newEmail() });
    told(refused, /takes no new accounts/);
  });

  test('cannot make another’s browser accept one from another site', async () => {
    const { id: tenantId } = await closedTenant();
    const { link } = await inviteTo(world, { tenantId });
    const visitor = newVisitor();
    const page = await visitor.open(link);
    const { url, fields } = page.fill({});
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const answer = await visitor.fetch(url, { method: 'POST', body: fields.toString(), headers });
    assert.equal(answer.status, 403);
    assert.equal(visitor.cookies.find('invitation'), undefined);
  });
});
