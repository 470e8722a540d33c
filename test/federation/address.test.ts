import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { enterPassword, newVisitor } from '../oidc/application.ts';
import type { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';
import { useGoogle } from './google-world.ts';
import { atWorkspace, type Claims, stranger } from './person.ts';

const { choose, redeem, request, throughGoogle, world } = useGoogle();

const withoutEmail = 'Go on without email';
const unproved = (claims: Claims = {}) => stranger({ email_verified: false, ...claims });

async function enterCode(visitor: Visitor, page: Page, address: string): Promise<Page> {
  assert.equal(page.heading, 'Check your email');
  const code = codeIn(await world().service.mailbox.waitForMail(address));
  return visitor.submit(page, { code });
}

async function accountOf(id: unknown) {
  const [row] = await world().database.query<{ email: string | null; verified: boolean }>(
    'select email, email_verified as verified from accounts where id = $1',
    [id],
  );
  return row;
}

async function strictTenant() {
  const tenant = await world().addTenant();
  await world().database.query('update tenants set email_required = true where id = $1', [
    tenant.id,
  ]);
  return tenant;
}

describe('an address that the provider does not vouch for', () => {
  test('is suggested, proved by our code, and then the account’s', async () => {
    const person = unproved();
    const visitor = newVisitor();
    const { attempt, page } = await throughGoogle(visitor, person);
    assert.match(page.heading, /Your email address/);
    assert.equal(page.value('email'), person.email);
    const code = await visitor.submit(page, {}, { button: 'Send code' });
    const profile = await enterCode(visitor, code, person.email);
    const back = await choose(visitor, profile, 'proved.address');
    const claims = (await redeem(attempt, back)).claims();
    assert.deepEqual([claims?.email, claims?.email_verified], [person.email, true]);
    const again = await throughGoogle(newVisitor(), person);
    assert.equal((await redeem(again.attempt, again.page)).claims()?.sub, claims?.sub);
  });

  test('can be another, or none at all', async () => {
    const other = stranger().email;
    const visitor = newVisitor();
    const one = await throughGoogle(visitor, unproved());
    const code = await visitor.submit(one.page, { email: other }, { button: 'Send code' });
    const changed = await visitor.click(code, /another address/i);
    assert.match(changed.heading, /Your email address/);
    const profile = await enterCode(visitor, code, other);
    const back = await choose(visitor, profile, 'another.address');
    assert.equal((await redeem(one.attempt, back)).claims()?.email, other);

    const two = await throughGoogle(visitor, unproved(), { prompt: 'login' });
    assert.match(two.page.text, /nobody can let you in again/);
    const without = await visitor.submit(two.page, {}, { button: withoutEmail });
    const claims = (
      await redeem(two.attempt, await choose(visitor, without, 'none.at.all'))
    ).claims();
    assert.deepEqual(await accountOf(claims?.sub), { email: null, verified: false });
  });

  test('is not the account’s by a wrong code, or by leaving the page', async () => {
    const person = unproved();
    const visitor = newVisitor();
    const { page } = await throughGoogle(visitor, person);
    const code = await visitor.submit(page, {}, { button: 'Send code' });
    assert.equal((await visitor.submit(code, { code: '000000' })).status, 422);
    const profile = await visitor.open(page.url.href.replace(/email$/, 'profile'));
    assert.doesNotMatch(profile.url.pathname, /\/profile$/);
    const arrived = await visitor.open(page.url.href.replace(/email$/, 'arrived'));
    assert.match(arrived.heading, /Your email address/);
  });

  test('cannot be done without where the community wants one', async () => {
    const tenant = await strictTenant();
    const person = unproved();
    const visitor = newVisitor();
    const { attempt, page } = await throughGoogle(visitor, person, { tenant: tenant.slug });
    assert.ok(!page.has('[name=skip]'));
    const { url, fields } = page.fill({ email: '' });
    fields.set('skip', 'yes');
    const forced = await visitor.send({ url, method: 'POST', fields }, page);
    assert.equal(forced.status, 422);
    const code = await visitor.submit(page, {}, { button: 'Send code' });
    const profile = await enterCode(visitor, code, person.email);
    const back = await choose(visitor, profile, 'strict.member');
    assert.equal((await redeem(attempt, back)).claims()?.email, person.email);
  });
});

describe('an address of which an account is proved to be the owner', () => {
  async function prove(visitor: Visitor, address: string) {
    const { attempt, page } = await throughGoogle(visitor, unproved({ email: address }), {
      tenant: 'default',
    });
    const code = await visitor.submit(page, {}, { button: 'Send code' });
    return { attempt, page: await enterCode(visitor, code, address) };
  }
  const identitiesOf = (id: string) =>
    world().database.query('select from identities where account_id = $1', [id]);

  test('only leads to the offer to connect the two', async () => {
    const owner = await world().addPerson();
    const visitor = newVisitor();
    const { attempt, page } = await prove(visitor, owner.email);
    assert.match(page.heading, /Connect Google to your account/);
    assert.equal((await identitiesOf(owner.id)).length, 0);
    const back = await visitor.submit(page, {}, { button: 'Connect Google' });
    assert.equal((await redeem(attempt, back)).claims()?.sub, owner.id);
    assert.equal((await identitiesOf(owner.id)).length, 1);
    await world().service.mailbox.waitForMail(owner.email, { subject: /Google was connected/ });
  });

  test('connects nothing once that account has moved to another address', async () => {
    const owner = await world().addPerson();
    const visitor = newVisitor();
    const { page } = await prove(visitor, owner.email);
    const key = `moved-${owner.email}`;
    await world().database.query('update accounts set email = $2, email_key = $2 where id = $1', [
      owner.id,
      key,
    ]);
    const refused = await visitor.submit(page, {}, { button: 'Connect Google' });
    assert.equal(refused.status, 400);
    assert.equal((await identitiesOf(owner.id)).length, 0);
  });

  test('is connected by the right password, or a code, at once', async () => {
    for (const way of ['password', 'code']) {
      const owner = await world().addPerson();
      const visitor = newVisitor();
      const { attempt, page } = await throughGoogle(visitor, stranger(atWorkspace(owner.email)), {
        tenant: 'default',
      });
      const back =
        way === 'password'
          ? await visitor.submit(page, { password: owner.password })
          : await enterCode(
              visitor,
              await visitor.submit(page, {}, { button: /Email me a code/ }),
              owner.email,
            );
      assert.equal((await redeem(attempt, back)).claims()?.sub, owner.id);
      assert.equal((await identitiesOf(owner.id)).length, 1, way);
    }
  });
});

describe('an account without an address, where the community wants one by now', () => {
  async function bareAccount() {
    const tenant = await strictTenant();
    const person = await world().addPerson({ tenantId: tenant.id });
    await world().database.query(
      'update accounts set email = null, email_key = null, email_verified = false where id = $1',
      [person.id],
    );
    return { tenant, person: { ...person, email: person.handle } };
  }

  test('is asked for it at the next sign-in, and once', async () => {
    const { tenant, person } = await bareAccount();
    const visitor = newVisitor();
    const signIn = async () => {
      const attempt = await request({ tenant: tenant.slug });
      return { attempt, page: await visitor.open(attempt.url) };
    };
    const { attempt, page } = await signIn();
    const asked = await enterPassword(visitor, page, person);
    assert.match(asked.heading, /Your email address/);
    assert.ok(!asked.has('[name=skip]'));
    const address = stranger().email;
    const code = await visitor.submit(asked, { email: address });
    const wrong = await visitor.submit(code, { code: '000000' });
    assert.equal(wrong.status, 422);
    const back = await enterCode(visitor, wrong, address);
    assert.equal((await redeem(attempt, back)).claims()?.email, address);
    assert.deepEqual(await accountOf(person.id), { email: address, verified: true });
    const again = await signIn();
    assert.equal((await redeem(again.attempt, again.page)).claims()?.sub, person.id);
  });

  test('gets no address that is another account’s', async () => {
    const { tenant, person } = await bareAccount();
    const owner = await world().addPerson({ tenantId: tenant.id });
    const visitor = newVisitor();
    const page = await visitor.open((await request({ tenant: tenant.slug })).url);
    const asked = await enterPassword(visitor, page, person);
    const code = await visitor.submit(asked, { email: owner.email });
    assert.equal(code.heading, 'Check your email', 'the page says nothing of it');
    const mail = await world().service.mailbox.waitForMail(owner.email);
    assert.throws(() => codeIn(mail), /no code/);
    assert.deepEqual(await accountOf(person.id), { email: null, verified: false });
  });

  test('may not go on to an application behind its back', async () => {
    const { tenant, person } = await bareAccount();
    const visitor = newVisitor();
    const page = await visitor.open((await request({ tenant: tenant.slug })).url);
    await enterPassword(visitor, page, person);
    const silent = await visitor.open((await request({ tenant: tenant.slug, prompt: 'none' })).url);
    assert.equal(silent.url.searchParams.get('error'), 'interaction_required');
  });
});
