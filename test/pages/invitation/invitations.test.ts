import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { codeIn } from '../../support/mail.ts';
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
} from './invitee.ts';

describe('an invitation', () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
  });
  afterAll(() => world.close());

  /** An account by this link, for a new address unless told otherwise. */
  async function join(link: string, handle = newHandle(), email = newEmail()) {
    const visitor = newVisitor();
    const profile = await proveAddress(
      world,
      visitor,
      await acceptInvitation(visitor, link),
      email,
    );
    return { visitor, email, page: await finish(visitor, profile, handle) };
  }

  test('lets people into a closed community, and says so from the start', async () => {
    const closed = await world.addTenant({ signUp: 'closed' });
    const { id, link } = await inviteTo(world, { tenantId: closed.id, uses: 2 });
    const shown = await newVisitor().open(link);
    assert.equal(shown.heading, `You are invited to ${closed.slug}`);
    assert.match(shown.text, /choose the server/);
    const handle = newHandle();
    const { page, email } = await join(link, handle);
    assert.equal(page.url.pathname, '/account');
    assert.match(page.text, new RegExp(`@${handle}:`));
    assert.deepEqual(await accountsOf(world, closed.id), [email]);
    assert.deepEqual(await leftOf(world, id), { left: 1, used: 1 });
    const [audited] = await world.database.query(
      `select tenant_id, outcome from audit where action = 'invitation.used' and target = $1`,
      [id],
    );
    assert.deepEqual(audited, { tenant_id: closed.id, outcome: 'success' });
  });

  test('lets people of other domains into a community of domains', async () => {
    const own = await world.addTenant();
    await world.database.query(
      `update tenants set sign_up = 'domains', sign_up_domains = '{corp.example}' where id = $1`,
      [own.id],
    );
    const { link } = await inviteTo(world, { tenantId: own.id });
    const { page } = await join(link);
    assert.equal(page.url.pathname, '/account');
  });

  test('counts for a sign-in that an application began in the same browser', async () => {
    const closed = await world.addTenant({ signUp: 'closed' });
    const { id, link } = await inviteTo(world, { tenantId: closed.id });
    const visitor = newVisitor();
    const attempt = await app.request({ tenant: closed.slug });
    const before = await visitor.open(attempt.url);
    assert.doesNotMatch(before.text, /Create an account/);
    await acceptInvitation(visitor, link);
    const signIn = await visitor.open(before.url);
    const signUp = await visitor.click(signIn, 'Create an account');
    const profile = await proveAddress(world, visitor, signUp, newEmail());
    const back = await finish(visitor, profile, newHandle());
    const tokens = await app.redeem(attempt, back);
    assert.equal(tokens.claims()?.tenant_id, closed.id);
    assert.deepEqual(await leftOf(world, id), { left: 0, used: 1 });
  });

  test('offers its community to whoever signs up without naming one', async () => {
    const closed = await world.addTenant({ signUp: 'closed' });
    await world.addTenant();
    const { link } = await inviteTo(world, { tenantId: closed.id });
    const visitor = newVisitor();
    await acceptInvitation(visitor, link);
    const signUp = await visitor.open((await app.request({ prompt: 'create' })).url);
    const code = await visitor.submit(signUp, { email: newEmail(), tenant: closed.slug });
    assert.match(code.url.pathname, /\/code$/);
  });

  test('is not used up by members, who just sign in', async () => {
    const closed = await world.addTenant({ signUp: 'closed' });
    const { id, link } = await inviteTo(world, { tenantId: closed.id });
    const member = await world.addPerson({ tenantId: closed.id });
    const visitor = newVisitor();
    const signUp = await acceptInvitation(visitor, link);
    const signIn = await visitor.click(signUp, 'Sign in');
    const account = await visitor.submit(signIn, {
      email: member.email,
      password: member.password,
    });
    assert.equal(account.url.pathname, '/account');
    const again = await visitor.open(link);
    assert.equal(again.heading, `You are in ${closed.slug} already`);
    assert.equal((await visitor.click(again, 'Your account')).url.pathname, '/account');
    assert.deepEqual(await leftOf(world, id), { left: 1, used: 0 });
  });

  test('is not used up by a member who types the address into the sign-up page', async () => {
    const closed = await world.addTenant({ signUp: 'closed' });
    const { id, link } = await inviteTo(world, { tenantId: closed.id });
    const member = await world.addPerson({ tenantId: closed.id });
    const visitor = newVisitor();
    const signUp = await acceptInvitation(visitor, link);
    const code = await visitor.submit(signUp, { email: member.email });
    const mail = await world.service.mailbox.waitForMail(member.email);
    const account = await visitor.submit(code, { code: codeIn(mail) });
    assert.equal(account.url.pathname, '/account');
    assert.deepEqual(await leftOf(world, id), { left: 1, used: 0 });
  });

  test('tells whoever comes too late that it was used, or has ended, and where to sign in', async () => {
    const closed = await world.addTenant({ signUp: 'closed' });
    const used = await inviteTo(world, { tenantId: closed.id });
    await join(used.link);
    const late = await newVisitor().open(used.link);
    assert.deepEqual([late.status, late.heading], [410, 'This invitation was used']);
    const signIn = await newVisitor().open(late.link('Sign in'));
    assert.match(signIn.text, new RegExp(closed.slug));
    const ended = await inviteTo(world, { tenantId: closed.id });
    await world.database.query('update invitations set expires_at = now() where id = $1', [
      ended.id,
    ]);
    const over = await newVisitor().open(ended.link);
    assert.deepEqual([over.status, over.heading], [410, 'This invitation has ended']);
  });

  test('keeps its token out of addresses and logs', async () => {
    const closed = await world.addTenant({ signUp: 'closed' });
    const { link } = await inviteTo(world, { tenantId: closed.id });
    const token = new URL(link).searchParams.get('token') ?? '';
    const visitor = newVisitor();
    const page = await visitor.open(link);
    assert.equal(page.url.href, `${world.url}/invitation`);
    await acceptInvitation(visitor, link);
    const addressed = visitor.visited.filter(({ href }) => href.includes(token));
    assert.ok(addressed.every(({ href }) => href === link));
    assert.ok(!world.service.logs().includes(token));
    const rows = await world.database.query('select from invitations where token = $1', [token]);
    assert.equal(rows.length, 0);
  });

  describe('with a handle', () => {
    test('keeps it from everybody else, offers it first, and gives it', async () => {
      const closed = await world.addTenant({ signUp: 'closed' });
      const handle = newHandle();
      const { link } = await inviteTo(world, { tenantId: closed.id, handle });
      const stranger = newVisitor();
      const signUp = await stranger.open(
        (await app.request({ prompt: 'create', tenant: 'default' })).url,
      );
      const profile = await proveAddress(world, stranger, signUp, newEmail());
      const refused = await choose(stranger, profile, handle);
      assert.equal(refused.status, 422);
      assert.match(refused.text, /taken/);
      const shown = await newVisitor().open(link);
      assert.match(shown.text, new RegExp(`@${handle}:`));
      const visitor = newVisitor();
      const own = await proveAddress(
        world,
        visitor,
        await acceptInvitation(visitor, link),
        newEmail(),
      );
      assert.equal(own.value('handle'), handle);
      const url = new URL(`availability?handle=${handle}`, own.url);
      const { available } = (await visitor.open(url)).json<{ available: boolean }>();
      assert.equal(available, true);
      const account = await finish(visitor, own, handle);
      assert.match(account.text, new RegExp(`@${handle}:`));
    });

    test('frees it when another one was chosen', async () => {
      const closed = await world.addTenant({ signUp: 'closed' });
      const [handle, other] = [newHandle(), newHandle()];
      const { link } = await inviteTo(world, { tenantId: closed.id, handle });
      const { page } = await join(link, other);
      assert.match(page.text, new RegExp(`@${other}:`));
      const rows = await world.database.query('select from handles where handle = $1', [handle]);
      assert.equal(rows.length, 0);
    });
  });
});
