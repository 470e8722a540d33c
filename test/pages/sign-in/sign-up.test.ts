import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import { codeIn } from '../../support/mail.ts';
import type { Page } from '../../support/page.ts';

describe('a sign-up', () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
  });
  afterAll(() => world.close());

  const newHandle = () => `n${randomBytes(5).toString('hex')}`;
  const newEmail = (domain = 'mail.example') => `${newHandle()}@${domain}`;

  /** Goes to the page that follows the code from the mail. */
  async function proveAddress(visitor: Visitor, email: string, tenant?: string) {
    const attempt = await app.request({ prompt: 'create', ...(tenant ? { tenant } : {}) });
    const signUp = await visitor.open(attempt.url);
    const code = await visitor.submit(signUp, { email });
    const mail = await world.service.mailbox.waitForMail(email);
    return { attempt, page: await visitor.submit(code, { code: codeIn(mail) }) };
  }

  async function finish(visitor: Visitor, profile: Page, values: Record<string, string>) {
    const password = await visitor.submit(profile, { name: 'Nora New', ...values });
    return { password, back: () => visitor.submit(password, { password: '' }) };
  }

  const tenantOf = async (email: string) => {
    const [row] = await world.database.query<{ slug: string }>(
      `select t.slug from accounts a join tenants t on t.id = a.tenant_id where a.email = $1`,
      [email],
    );
    return row?.slug;
  };

  test('that names no community goes to the default one where there is nothing to choose', async () => {
    const visitor = newVisitor();
    const email = newEmail();
    const { attempt, page } = await proveAddress(visitor, email);
    const { back } = await finish(visitor, page, { handle: newHandle() });
    const tokens = await app.redeem(attempt, await back());
    assert.equal(tokens.claims()?.tenant_id, world.defaultTenantId);
    assert.equal(tokens.claims()?.email, email);
  });

  test('follows the domain of the address where an operator gave it to a community', async () => {
    const acme = await world.addTenant();
    await world.database.query(
      `insert into tenant_email_domains (domain, tenant_id) values ('acme.example', $1)`,
      [acme.id],
    );
    const visitor = newVisitor();
    const email = newEmail('acme.example');
    const { page } = await proveAddress(visitor, email);
    await finish(visitor, page, { handle: newHandle() });
    assert.equal(await tenantOf(email), acme.slug);
  });

  test('asks which community to join where there are several, and joins that one', async () => {
    const [first, second] = [await world.addTenant(), await world.addTenant()];
    const visitor = newVisitor();
    const attempt = await app.request({ prompt: 'create' });
    const signUp = await visitor.open(attempt.url);
    assert.match(signUp.text, new RegExp(first.slug));
    const email = newEmail();
    const code = await visitor.submit(signUp, { email, tenant: second.slug });
    const mail = await world.service.mailbox.waitForMail(email);
    const profile = await visitor.submit(code, { code: codeIn(mail) });
    await finish(visitor, profile, { handle: newHandle() });
    assert.equal(await tenantOf(email), second.slug);
  });

  test('is refused by a closed community, after the proof and with the way back', async () => {
    const closed = await world.addTenant({ signUp: 'closed' });
    const visitor = newVisitor();
    const email = newEmail();
    const signIn = await visitor.open((await app.request({ tenant: closed.slug })).url);
    const code = await visitor.submit(signIn, { email }, { button: /code/i });
    const mail = await world.service.mailbox.waitForMail(email);
    const told = await visitor.submit(code, { code: codeIn(mail) });
    assert.equal(told.status, 403);
    assert.match(told.text, /takes no new accounts/);
    const answer = (await visitor.click(told, /back/i)).url.searchParams;
    assert.equal(answer.get('error'), 'access_denied');
  });

  test('is refused by a community of other domains only after the proof', async () => {
    const own = await world.addTenant();
    await world.database.query(
      `update tenants set sign_up = 'domains', sign_up_domains = '{corp.example}' where id = $1`,
      [own.id],
    );
    const visitor = newVisitor();
    const { page } = await proveAddress(visitor, newEmail('other.example'), own.slug);
    assert.equal(page.status, 403);
    const colleague = await proveAddress(newVisitor(), newEmail('corp.example'), own.slug);
    assert.equal(colleague.page.status, 200);
  });

  test('records which version of the terms was accepted, and goes nowhere without', async () => {
    const strict = await world.addTenant();
    await world.database.query('update tenants set terms = $2 where id = $1', [
      strict.id,
      { version: '2026-05', termsUrl: 'https://acme.example/terms' },
    ]);
    const visitor = newVisitor();
    const email = newEmail();
    const { page } = await proveAddress(visitor, email, strict.slug);
    const handle = newHandle();
    const without = await visitor.submit(page, { name: 'Nora New', handle });
    assert.equal(without.status, 422);
    assert.match(without.text, /agree/);
    const { password } = await finish(visitor, without, { handle, terms: '2026-05' });
    assert.equal(password.status, 200);
    const rows = await world.database.query(
      `select version, accepted_at > now() - interval '1 minute' as now
        from terms_acceptances join accounts on accounts.id = account_id where email = $1`,
      [email],
    );
    assert.deepEqual(rows, [{ version: '2026-05', now: true }]);
  });

  test('sent twice makes one account and goes on', async () => {
    const visitor = newVisitor();
    const email = newEmail();
    const { page } = await proveAddress(visitor, email, 'default');
    const handle = newHandle();
    const both = await Promise.all([
      visitor.submit(page, { name: 'Nora New', handle }),
      visitor.submit(page, { name: 'Nora New', handle }),
    ]);
    for (const answer of both) assert.equal(answer.status, 200);
    const rows = await world.database.query('select from accounts where email = $1', [email]);
    assert.equal(rows.length, 1);
  });
});
