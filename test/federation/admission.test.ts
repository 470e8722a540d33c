import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { Application, newVisitor } from '../oidc/application.ts';
import {
  acceptInvitation,
  inviteTo,
  leftOf,
  newHandle,
  proveAddress,
} from '../pages/invitation/invitee.ts';
import { useGoogle } from './google-world.ts';
import { stranger } from './person.ts';

describe('whom another provider sends', () => {
  const { google, world, throughGoogle, choose } = useGoogle();

  /** Accepts the invitation and goes through Google from the page that follows. */
  async function accept(link: string, person: Record<string, unknown>) {
    const visitor = newVisitor();
    const signUp = await acceptInvitation(visitor, link);
    google().person = person;
    return { visitor, page: await visitor.click(signUp, 'Google') };
  }

  test('joins a closed community by invitation', async () => {
    const tenant = await world().addTenant({ signUp: 'closed' });
    const { id, link } = await inviteTo(world(), { tenantId: tenant.id });
    const { visitor, page } = await accept(link, stranger());
    const account = await choose(visitor, page, newHandle());
    assert.equal(account.url.pathname, '/account');
    assert.deepEqual(await leftOf(world(), id), { left: 0, used: 1 });
  });

  test('uses an invitation for an address only where the provider vouches for it', async () => {
    const tenant = await world().addTenant({ signUp: 'closed' });
    const [owner, other] = [stranger(), stranger()];
    const { id, link } = await inviteTo(world(), { tenantId: tenant.id, email: owner.email });
    const wrong = await accept(link, other);
    assert.equal(wrong.page.status, 403);
    assert.match(wrong.page.text, /for another address/);
    const claimed = await accept(link, {
      ...stranger(),
      email: owner.email,
      email_verified: false,
    });
    assert.doesNotMatch(claimed.page.url.pathname, /\/profile$/);
    assert.deepEqual(await leftOf(world(), id), { left: 1, used: 0 });
    const { page } = await accept(link, owner);
    assert.match(page.url.pathname, /\/profile$/);
  });

  test('waits where newcomers do, and is let in by identity or by the same address', async () => {
    const tenant = await world().addTenant();
    await world().database.query('update tenants set sign_up_approval = true where id = $1', [
      tenant.id,
    ]);
    const person = stranger();
    const visitor = newVisitor();
    const { page } = await throughGoogle(visitor, person, { tenant: tenant.slug });
    assert.equal(page.heading, `${tenant.slug} will let you know`);
    await world().database.query(
      `update sign_up_requests set state = 'approved' where tenant_id = $1 and email = $2`,
      [tenant.id, person.email],
    );
    const app = await Application.of(world());
    const byMail = newVisitor();
    const signUp = await byMail.open(
      (await app.request({ prompt: 'create', tenant: tenant.slug })).url,
    );
    const profile = await proveAddress(world(), byMail, signUp, person.email);
    assert.match(profile.url.pathname, /\/profile$/);
    const again = await visitor.submit(page, {}, { button: 'Check again' });
    assert.match(again.url.pathname, /\/profile$/);
  });

  test('sees the answer when they come back, where they gave no address', async () => {
    const tenant = await world().addTenant();
    await world().database.query('update tenants set sign_up_approval = true where id = $1', [
      tenant.id,
    ]);
    const person = { ...stranger(), email_verified: false };
    const arrive = async () => {
      const visitor = newVisitor();
      const { page } = await throughGoogle(visitor, person, { tenant: tenant.slug });
      return visitor.submit(page, {}, { button: 'Go on without email' });
    };
    const waiting = await arrive();
    assert.match(waiting.text, /come back and sign in the same way/);
    const requests = await world().database.query<{ id: string; email: string | null }>(
      'select id, email from sign_up_requests where tenant_id = $1',
      [tenant.id],
    );
    assert.deepEqual(
      requests.map(({ email }) => email),
      [null],
    );
    await world().service.cli('sign-ups', 'approve', requests[0]?.id ?? '');
    assert.match((await arrive()).url.pathname, /\/profile$/);
  });
});
