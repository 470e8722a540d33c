import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { SignUpRequest } from '../../../src/admission/sign-up-requests.store.ts';
import { Application, newVisitor } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { linkIn } from '../../support/mail.ts';
import type { Page } from '../../support/page.ts';
import {
  acceptInvitation,
  accountsOf,
  choose,
  finish,
  inviteTo,
  newEmail,
  newHandle,
  proveAddress,
} from '../invitation/invitee.ts';

describe('a community that approves of newcomers', () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
  });
  afterAll(() => world.close());

  async function careful() {
    const tenant = await world.addTenant();
    await world.database.query('update tenants set sign_up_approval = true where id = $1', [
      tenant.id,
    ]);
    return tenant;
  }

  /** Somebody proves an address, in a browser of their own unless told otherwise. */
  async function arrive(tenant: string, email = newEmail(), visitor = newVisitor()) {
    const attempt = await app.request({ prompt: 'create', tenant });
    const page = await proveAddress(world, visitor, await visitor.open(attempt.url), email);
    return { attempt, visitor, email, page };
  }

  async function requestsOf(tenant: string): Promise<SignUpRequest[]> {
    return world.service.cli('sign-ups', 'list', '--tenant', tenant);
  }

  async function answer(tenant: string, verb: 'approve' | 'refuse'): Promise<void> {
    const [request] = await requestsOf(tenant);
    await world.service.cli('sign-ups', verb, request?.id ?? '');
  }

  function waits(page: Page, { slug }: { slug: string }): void {
    assert.equal(page.status, 200, page.text);
    assert.equal(page.heading, `${slug} will let you know`);
  }

  test('lets them wait, tells them by mail, and lets them in by the same proof', async () => {
    const tenant = await careful();
    const { visitor, email, page } = await arrive(tenant.slug);
    waits(page, tenant);
    assert.match(page.text, new RegExp(`mail at ${email}`));
    waits(await visitor.submit(page, {}, { button: 'Check again' }), tenant);
    const [request, ...others] = await requestsOf(tenant.slug);
    assert.equal(others.length, 0);
    assert.deepEqual(
      [request?.email, request?.way, request?.state, request?.tenant],
      [email, 'email', 'waiting', tenant.slug],
    );
    await answer(tenant.slug, 'approve');
    const profile = await visitor.submit(page, {}, { button: 'Check again' });
    assert.match(profile.url.pathname, /\/profile$/);
    const mail = await world.service.mailbox.waitForMail(email, { subject: /Welcome/ });
    const elsewhere = newVisitor();
    const signIn = await elsewhere.open(linkIn(mail, /\/account/));
    const code = await elsewhere.submit(signIn, { email }, { button: /code/i });
    assert.match(code.text, new RegExp(email));
    const again = await arrive(tenant.slug, email);
    const account = await finish(again.visitor, again.page, newHandle());
    assert.ok((await app.redeem(again.attempt, account)).access_token);
    assert.deepEqual(await requestsOf(tenant.slug), []);
  });

  test('shows the same to whoever asks again, and mails nobody before it decides', async () => {
    const tenant = await careful();
    const { email, page } = await arrive(tenant.slug);
    waits(page, tenant);
    waits((await arrive(tenant.slug, email)).page, tenant);
    assert.equal((await requestsOf(tenant.slug)).length, 1);
    const mails = await world.service.mailbox.all();
    const subjects = mails
      .filter(({ recipients }) => recipients.includes(email))
      .map(({ subject }) => subject);
    assert.equal(subjects.length, 2);
    assert.ok(subjects.every((subject) => /is your code/.test(subject ?? '')));
  });

  test('says no by page and mail, once, and means it for 30 days', async () => {
    const tenant = await careful();
    const { visitor, email, page } = await arrive(tenant.slug);
    await answer(tenant.slug, 'refuse');
    await answer(tenant.slug, 'refuse');
    await world.service.mailbox.waitForMail(email, { subject: /Your request to join/ });
    const told = await visitor.submit(page, {}, { button: 'Check again' });
    assert.equal(told.heading, `${tenant.slug} said no`);
    const again = await arrive(tenant.slug, email);
    assert.equal(again.page.heading, `${tenant.slug} said no`);
    const [refused] = await requestsOf(tenant.slug);
    assert.equal(refused?.state, 'refused');
    await world.database.query('update sign_up_requests set expires_at = now() where id = $1', [
      refused?.id,
    ]);
    waits((await arrive(tenant.slug, email)).page, tenant);
    const mails = await world.service.mailbox.all();
    const answers = mails.filter(
      ({ recipients, subject }) => recipients.includes(email) && /request/.test(subject ?? ''),
    );
    assert.equal(answers.length, 1);
  });

  test('gives nobody a handle who has not been let in, nor holds one for them', async () => {
    const tenant = await careful();
    const { visitor, page } = await arrive(tenant.slug);
    const handle = newHandle();
    const profile = await visitor.open(new URL('profile', page.url));
    waits(await choose(visitor, profile, handle), tenant);
    const held = await world.database.query('select from handles where handle = $1', [handle]);
    assert.equal(held.length, 0);
    assert.deepEqual(await accountsOf(world, tenant.id), []);
  });

  test('lets nobody in whom it refuses after all, also at the last step', async () => {
    const tenant = await careful();
    const { visitor, page } = await arrive(tenant.slug);
    await answer(tenant.slug, 'approve');
    const profile = await visitor.submit(page, {}, { button: 'Check again' });
    await answer(tenant.slug, 'refuse');
    const told = await choose(visitor, profile, newHandle());
    assert.equal(told.heading, `${tenant.slug} said no`);
    assert.deepEqual(await accountsOf(world, tenant.id), []);
  });

  test('decides for itself, whatever another one decided', async () => {
    const [one, other] = [await careful(), await careful()];
    const { email } = await arrive(one.slug);
    await answer(one.slug, 'approve');
    const elsewhere = await arrive(other.slug, email);
    waits(elsewhere.page, other);
    const profile = await elsewhere.visitor.open(new URL('profile', elsewhere.page.url));
    waits(await choose(elsewhere.visitor, profile, newHandle()), other);
  });

  test('approves of one account: whoever deleted it has to ask again', async () => {
    const tenant = await careful();
    const { email, visitor, page } = await arrive(tenant.slug);
    await answer(tenant.slug, 'approve');
    const profile = await visitor.submit(page, {}, { button: 'Check again' });
    const handle = newHandle();
    await finish(visitor, profile, handle);
    await world.service.cli('accounts', 'delete', handle, '--yes');
    waits((await arrive(tenant.slug, email)).page, tenant);
  });

  test('lets the invited in at once', async () => {
    const tenant = await careful();
    const { link } = await inviteTo(world, { tenantId: tenant.id });
    const visitor = newVisitor();
    const signUp = await acceptInvitation(visitor, link);
    const profile = await proveAddress(world, visitor, signUp, newEmail());
    const account = await finish(visitor, profile, newHandle());
    assert.equal(account.url.pathname, '/account');
    assert.deepEqual(await requestsOf(tenant.slug), []);
  });

  test('says the same before the proof as any other', async () => {
    const [tenant, open] = [await careful(), await world.addTenant()];
    const member = await world.addPerson({ tenantId: tenant.id });
    const texts: string[] = [];
    for (const [slug, email] of [
      [tenant.slug, member.email],
      [tenant.slug, newEmail()],
      [open.slug, newEmail()],
    ] as const) {
      const visitor = newVisitor();
      const signUp = await visitor.open(
        (await app.request({ prompt: 'create', tenant: slug })).url,
      );
      const code = await visitor.submit(signUp, { email });
      texts.push(code.text.replaceAll(email, '…').replaceAll(slug, '…'));
    }
    assert.equal(new Set(texts).size, 1, texts.join('\n'));
  });
});
