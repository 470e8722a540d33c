import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { answerOf, enterPassword, newVisitor } from '../oidc/application.ts';
import { codeIn } from '../support/mail.ts';
import { useGoogle } from './google-world.ts';
import { atWorkspace, stranger } from './person.ts';

const { accountsOf, choose, google, redeem, request, signUp, throughGoogle, world } = useGoogle();

describe('signing in with Google', () => {
  test('makes an account at the choice of a handle, and knows it the next time', async () => {
    const person = stranger({ name: 'Grace Hopper', locale: 'en' });
    const visitor = newVisitor();
    const { attempt, page } = await throughGoogle(visitor, person);
    assert.match(page.url.pathname, /\/profile$/, page.text);
    assert.equal(page.value('name'), 'Grace Hopper');
    assert.match(page.value('handle') ?? '', /^grace|^hopper/);
    const tokens = await redeem(attempt, await choose(visitor, page, 'grace.hopper'));
    const claims = tokens.claims();
    assert.equal(claims?.matrix_handle, 'grace.hopper');
    assert.equal(claims?.email, person.email);
    assert.equal(claims?.email_verified, true);

    const again = await throughGoogle(newVisitor(), person);
    const second = (await redeem(again.attempt, again.page)).claims();
    assert.equal(second?.sub, claims?.sub);
  });

  test('asks with state, nonce and challenge, never the same', async () => {
    await throughGoogle(newVisitor(), stranger());
    await throughGoogle(newVisitor(), stranger());
    const [one, two] = google()
      .asked.slice(-2)
      .map(({ searchParams }) => searchParams);
    for (const name of ['state', 'nonce', 'code_challenge']) {
      assert.match(one?.get(name) ?? '', /^[\w-]{43}$/, name);
      assert.notEqual(one?.get(name), two?.get(name), name);
    }
    assert.equal(one?.get('code_challenge_method'), 'S256');
    assert.equal(one?.get('redirect_uri'), `${world().url}/callback/google`);
  });

  test('goes straight there where the application says so, with its hint', async () => {
    google().person = stranger();
    const attempt = await request({ upstream: 'google', login_hint: 'grace@mail.example' });
    const page = await newVisitor().open(attempt.url);
    assert.match(page.url.pathname, /\/profile$/);
    assert.equal(google().asked.at(-1)?.searchParams.get('login_hint'), 'grace@mail.example');
  });

  test('is shown first to whoever used it last', async () => {
    const { visitor } = await signUp(stranger(), 'used.last');
    const attempt = await request({ prompt: 'login' });
    const page = await visitor.open(attempt.url);
    assert.match(page.text, /Continue with Google last used/);
  });

  test('treats an address that Google does not vouch for as none', async () => {
    const person = stranger({ email_verified: false });
    const { claims } = await signUp(person, 'no.address');
    assert.equal(claims.email, undefined);
    assert.equal(await accountsOf(person.email), 0);
  });

  test('follows a new name there until the person chooses one here', async () => {
    const person = stranger({ name: 'Ada Byron' });
    await signUp(person, 'ada.byron');
    const named = async (name: string) => {
      const { attempt, page } = await throughGoogle(newVisitor(), { ...person, name });
      return (await redeem(attempt, page)).claims()?.name;
    };
    assert.equal(await named('Ada King'), 'Ada King');
    await world().database.query(`update accounts set name = 'Countess' where email_key = $1`, [
      person.email,
    ]);
    assert.equal(await named('Ada Lovelace'), 'Countess');
  });

  test('follows a new address there, and tells the old one', async () => {
    const person = stranger();
    const { claims } = await signUp(person, 'moved.mail');
    const email = `new-${person.email}`;
    const { attempt, page } = await throughGoogle(newVisitor(), { ...person, email });
    assert.equal((await redeem(attempt, page)).claims()?.email, email);
    assert.equal(claims.email, person.email);
    await world().service.mailbox.waitForMail(person.email);
  });
});

describe('an address that has an account', () => {
  test('is only an offer to connect the two, by signing in to that account', async () => {
    const owner = await world().addPerson();
    const person = stranger(atWorkspace(owner.email));
    const visitor = newVisitor();
    const { attempt, page } = await throughGoogle(visitor, person);
    assert.match(page.heading, /Connect Google to your account/);
    const wrong = await visitor.submit(page, { password: 'not-the-password' });
    assert.equal(wrong.status, 422);
    assert.match(wrong.heading, /Connect Google/);
    const back = await visitor.submit(wrong, { password: owner.password });
    assert.equal((await redeem(attempt, back)).claims()?.sub, owner.id);
    const mail = await world().service.mailbox.waitForMail(owner.email);
    assert.match(mail.subject ?? '', /Google was connected/);

    const again = await throughGoogle(newVisitor(), person);
    assert.equal((await redeem(again.attempt, again.page)).claims()?.sub, owner.id);
  });

  test('is not taken over by leaving that page', async () => {
    const owner = await world().addPerson();
    const other = await world().addPerson();
    const visitor = newVisitor();
    const { attempt, page } = await throughGoogle(visitor, stranger(atWorkspace(owner.email)));
    const profile = await visitor.open(page.url.href.replace(/link$/, 'profile'));
    assert.ok(!profile.url.pathname.endsWith('/profile'));
    const back = await enterPassword(visitor, await visitor.click(page, /Don’t connect/), other);
    assert.equal((await redeem(attempt, back)).claims()?.sub, other.id);
    const identities = await world().database.query(
      'select from identities where account_id in ($1, $2)',
      [owner.id, other.id],
    );
    assert.equal(identities.length, 0);
  });

  test('links to that account alone, whoever else signs in on the page', async () => {
    const owner = await world().addPerson();
    const attacker = await world().addPerson();
    const visitor = newVisitor();
    const { attempt, page } = await throughGoogle(visitor, stranger(atWorkspace(owner.email)));
    const form = page.fill({ password: attacker.password });
    form.fields.set('email', attacker.email);
    const back = await visitor.send(form, page);
    assert.equal((await redeem(attempt, back)).claims()?.sub, attacker.id);
    const linked = await world().database.query('select from identities where account_id = $1', [
      attacker.id,
    ]);
    assert.equal(linked.length, 0);
  });

  test('does not join where Google does not vouch for it', async () => {
    const owner = await world().addPerson();
    const person = stranger({ email: owner.email, email_verified: false });
    const { claims } = await signUp(person, 'not.the.owner');
    assert.notEqual(claims.sub, owner.id);
    assert.equal(claims.email, undefined);
  });
});

describe('a tenant’s rules', () => {
  test('for domains want Google’s word on the organisation, not the address alone', async () => {
    const tenant = await world().addTenant();
    await world().database.query(
      `update tenants set sign_up = 'domains', sign_up_domains = '{corp.example}' where id = $1`,
      [tenant.id],
    );
    const arrive = async (hd?: string) => {
      const person = stranger();
      const email = person.email.replace('gmail.com', 'corp.example');
      const claims = { ...person, email, ...(hd ? { hd } : undefined) };
      const visitor = newVisitor();
      const { page } = await throughGoogle(visitor, claims, { tenant: tenant.slug });
      if (hd) return page;
      const asked = await visitor.submit(page, {}, { button: 'Send code' });
      const code = codeIn(await world().service.mailbox.waitForMail(email));
      return visitor.submit(asked, { code });
    };
    assert.match((await arrive('corp.example')).url.pathname, /\/profile$/);
    for (const hd of [undefined, 'evil.example']) {
      const refused = await arrive(hd);
      assert.equal(refused.status, 403);
      assert.match(refused.text, /can’t join here/);
    }
  });

  test('for closed communities hold for Google as well', async () => {
    const tenant = await world().addTenant({ signUp: 'closed' });
    const { page } = await throughGoogle(newVisitor(), stranger(), { tenant: tenant.slug });
    assert.equal(page.status, 403);
    assert.match(page.text, /takes no new accounts/);
  });

  test('say which ways there are', async () => {
    const tenant = await world().addTenant();
    await world().database.query(`update tenants set ways = '{}' where id = $1`, [tenant.id]);
    const attempt = await request({ tenant: tenant.slug });
    const visitor = newVisitor();
    const page = await visitor.open(attempt.url);
    assert.doesNotMatch(page.text, /Google/);
    const forced = await visitor.open(`${page.url.href}/with/google`);
    assert.equal(forced.status, 404);
  });

  test('hold for whoever comes to them from the page that is everybody’s', async () => {
    const [one, two] = [await world().addTenant(), await world().addTenant()];
    await world().database.query(`update tenants set ways = '{}' where id = $1`, [one.id]);
    const person = stranger();
    const visitor = newVisitor();
    const { page } = await throughGoogle(visitor, person);
    assert.match(page.heading, /Which community/);
    const refused = await visitor.submit(page, { tenant: one.slug });
    assert.equal(refused.status, 403);
    assert.match(refused.heading, /can’t join this way/);
    const joins = await throughGoogle(visitor, person, { tenant: two.slug });
    assert.match(joins.page.url.pathname, /\/profile$/);
  });

  test('keep one identity in two tenants two accounts', async () => {
    const person = stranger();
    const [one, two] = [await world().addTenant(), await world().addTenant()];
    const subs: unknown[] = [];
    for (const [index, tenant] of [one, two].entries()) {
      const visitor = newVisitor();
      const { attempt, page } = await throughGoogle(visitor, person, { tenant: tenant.slug });
      const back = await choose(visitor, page, `two.walls${index}`);
      const claims = (await redeem(attempt, back)).claims();
      assert.equal(claims?.tenant_id, tenant.id);
      subs.push(claims?.sub);
    }
    assert.notEqual(subs[0], subs[1]);
  });
});

test('whoever cancels goes back to the application as before', async () => {
  google().tamper = {
    answer: ({ searchParams }) => {
      searchParams.delete('code');
      searchParams.set('error', 'access_denied');
    },
  };
  const visitor = newVisitor();
  const { page } = await throughGoogle(visitor, stranger());
  assert.equal(answerOf(await visitor.click(page, /Cancel/)).error, 'access_denied');
});
