import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Application, answerOf, enterPassword, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';
import { GoogleStandIn } from './google.ts';
import { type Claims, stranger } from './person.ts';

let google: GoogleStandIn;
let world: World;
let app: Application;

before(async () => {
  google = await GoogleStandIn.start();
  world = await openWorld({ env: google.env });
  app = await Application.of(world);
});
after(async () => {
  await world?.close();
  await google?.stop();
});
beforeEach(() => {
  google.tamper = {};
});

async function throughGoogle(visitor: Visitor, person: Claims, params = {}) {
  const attempt = await app.request(params);
  const page = await visitor.open(attempt.url);
  google.person = person;
  return { attempt, page: await visitor.click(page, 'Google') };
}

const choose = (visitor: Visitor, page: Page, handle: string) =>
  visitor.submit(page, { handle }, { button: 'Continue' });

async function signUp(
  person: Claims,
  handle: string,
): Promise<{ visitor: Visitor; claims: Claims }> {
  const visitor = newVisitor();
  const { attempt, page } = await throughGoogle(visitor, person);
  const tokens = await app.redeem(attempt, await choose(visitor, page, handle));
  return { visitor, claims: tokens.claims() ?? {} };
}

async function accountsOf(email: string): Promise<number> {
  const [row] = await world.database.query<{ count: number }>(
    'select count(*)::int as count from accounts where email_key = $1',
    [email],
  );
  return row?.count ?? 0;
}

describe('signing in with Google', () => {
  test('makes an account at the choice of a handle, and knows it the next time', async () => {
    const person = stranger({ name: 'Grace Hopper', locale: 'en' });
    const visitor = newVisitor();
    const { attempt, page } = await throughGoogle(visitor, person);
    assert.match(page.url.pathname, /\/profile$/, page.text);
    assert.equal(page.value('name'), 'Grace Hopper');
    assert.match(page.value('handle') ?? '', /^grace|^hopper/);
    const tokens = await app.redeem(attempt, await choose(visitor, page, 'grace.hopper'));
    const claims = tokens.claims();
    assert.equal(claims?.matrix_handle, 'grace.hopper');
    assert.equal(claims?.email, person.email);
    assert.equal(claims?.email_verified, true);

    const again = await throughGoogle(newVisitor(), person);
    const second = (await app.redeem(again.attempt, again.page)).claims();
    assert.equal(second?.sub, claims?.sub);
  });

  test('asks with state, nonce and challenge, never the same', async () => {
    await throughGoogle(newVisitor(), stranger());
    await throughGoogle(newVisitor(), stranger());
    const [one, two] = google.asked.slice(-2).map(({ searchParams }) => searchParams);
    for (const name of ['state', 'nonce', 'code_challenge']) {
      assert.match(one?.get(name) ?? '', /^[\w-]{43}$/, name);
      assert.notEqual(one?.get(name), two?.get(name), name);
    }
    assert.equal(one?.get('code_challenge_method'), 'S256');
    assert.equal(one?.get('redirect_uri'), `${world.url}/callback/google`);
  });

  test('goes straight there where the application says so, with its hint', async () => {
    google.person = stranger();
    const attempt = await app.request({ upstream: 'google', login_hint: 'grace@mail.example' });
    const page = await newVisitor().open(attempt.url);
    assert.match(page.url.pathname, /\/profile$/);
    assert.equal(google.asked.at(-1)?.searchParams.get('login_hint'), 'grace@mail.example');
  });

  test('is shown first to whoever used it last', async () => {
    const { visitor } = await signUp(stranger(), 'used.last');
    const attempt = await app.request({ prompt: 'login' });
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
      return (await app.redeem(attempt, page)).claims()?.name;
    };
    assert.equal(await named('Ada King'), 'Ada King');
    await world.database.query(`update accounts set name = 'Countess' where email_key = $1`, [
      person.email,
    ]);
    assert.equal(await named('Ada Lovelace'), 'Countess');
  });

  test('follows a new address there, and tells the old one', async () => {
    const person = stranger();
    const { claims } = await signUp(person, 'moved.mail');
    const email = `new-${person.email}`;
    const { attempt, page } = await throughGoogle(newVisitor(), { ...person, email });
    assert.equal((await app.redeem(attempt, page)).claims()?.email, email);
    assert.equal(claims.email, person.email);
    await world.service.mailbox.waitForMail(person.email);
  });
});

describe('an answer of Google is refused', () => {
  const mustFail = async (what: RegExp) => {
    const person = stranger();
    const { page } = await throughGoogle(newVisitor(), person);
    assert.match(page.text, what, page.url.href);
    assert.equal(page.status, 200);
    assert.equal(await accountsOf(person.email), 0);
  };
  const failed = /Signing in with Google didn’t work/;
  const spoilt: Record<string, (claims: Claims) => void> = {
    'with an audience that is not us': (claims) => {
      claims.aud = 'somebody-else';
      claims.azp = 'somebody-else';
    },
    'authorized for another party': (claims) => {
      claims.azp = 'somebody-else';
    },
    'with another nonce': (claims) => {
      claims.nonce = 'n-0S6_WzA2Mj';
    },
    'without a nonce': (claims) => {
      delete claims.nonce;
    },
    'of another issuer': (claims) => {
      claims.iss = 'https://evil.example';
    },
    'that has expired': (claims) => {
      claims.exp = 1_700_000_000;
    },
    'without a subject': (claims) => {
      claims.sub = '';
    },
  };
  for (const [what, claims] of Object.entries(spoilt)) {
    test(what, async () => {
      google.tamper = { claims };
      await mustFail(failed);
    });
  }

  test('with a signature by nobody (alg none)', async () => {
    google.tamper = {
      idToken: (token) => {
        const [, payload] = token.split('.');
        const header = Buffer.from('{"alg":"none"}').toString('base64url');
        return `${header}.${payload}.`;
      },
    };
    await mustFail(failed);
  });

  test('with claims changed after it was signed', async () => {
    google.tamper = {
      idToken: (token) => {
        const [header, payload, signature] = token.split('.');
        const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString());
        const forged = JSON.stringify({ ...claims, sub: 'somebody-else' });
        return `${header}.${Buffer.from(forged).toString('base64url')}.${signature}`;
      },
    };
    await mustFail(failed);
  });

  test('that names another issuer beside the code (mix-up)', async () => {
    google.tamper = {
      answer: ({ searchParams }) => searchParams.set('iss', 'https://evil.example'),
    };
    await mustFail(failed);
  });

  test('that is an error, and the other ways are still there', async () => {
    google.tamper = {
      answer: ({ searchParams }) => {
        searchParams.delete('code');
        searchParams.set('error', 'server_error');
        searchParams.set('error_description', '<script>alert(1)</script>');
      },
    };
    await mustFail(failed);
    google.tamper = {
      answer: ({ searchParams }) => {
        searchParams.delete('code');
        searchParams.set('error', 'access_denied');
      },
    };
    await mustFail(/You cancelled signing in with Google/);
  });

  test('whose code is not one of Google’s', async () => {
    google.tamper = { answer: ({ searchParams }) => searchParams.set('code', 'guessed') };
    await mustFail(failed);
  });
});

describe('the way back from Google', () => {
  /** Stops at our callback, which is then opened in whatever way. */
  async function callbackOf(visitor: Visitor, person: Claims) {
    const attempt = await app.request();
    const page = await visitor.open(attempt.url);
    google.person = person;
    const leaving = await visitor.fetch(page.link('Google'));
    const answer = await visitor.fetch(String(leaving.headers.location));
    return { attempt, url: new URL(String(answer.headers.location)) };
  }

  test('works once', async () => {
    const visitor = newVisitor();
    const { url } = await callbackOf(visitor, stranger());
    assert.match((await visitor.open(url)).url.pathname, /\/profile$/);
    const replayed = await visitor.open(url);
    assert.equal(replayed.status, 400);
    assert.match(replayed.text, /expired/);
  });

  test('works in the browser that left only, and a stranger does not use it up', async () => {
    const attacker = newVisitor();
    const { url } = await callbackOf(attacker, stranger());
    const victim = newVisitor();
    await victim.open((await app.request()).url);
    assert.equal((await victim.open(url)).status, 400, 'login CSRF');
    assert.match((await attacker.open(url)).url.pathname, /\/profile$/);
  });

  test('does not take a code into another request', async () => {
    const attacker = newVisitor();
    const stolen = await callbackOf(newVisitor(), stranger());
    const own = await callbackOf(attacker, stranger());
    own.url.searchParams.set('code', stolen.url.searchParams.get('code') ?? '');
    const page = await attacker.open(own.url);
    assert.match(page.text, /Signing in with Google didn’t work/, 'the verifier is another');
  });

  test('is for the connection that was asked', async () => {
    const visitor = newVisitor();
    const { url } = await callbackOf(visitor, stranger());
    url.pathname = '/callback/bluesky';
    assert.equal((await visitor.open(url)).status, 400);
  });

  test('without a state leads nowhere', async () => {
    const { url } = await callbackOf(newVisitor(), stranger());
    url.searchParams.delete('state');
    assert.equal((await newVisitor().open(url)).status, 400);
  });
});

describe('an address that has an account', () => {
  test('is only an offer to connect the two, by signing in to that account', async () => {
    const owner = await world.addPerson();
    const person = stranger({ email: owner.email });
    const visitor = newVisitor();
    const { attempt, page } = await throughGoogle(visitor, person);
    assert.match(page.heading, /Connect Google to your account/);
    const wrong = await visitor.submit(page, { password: 'not-the-password' });
    assert.equal(wrong.status, 422);
    assert.match(wrong.heading, /Connect Google/);
    const back = await visitor.submit(wrong, { password: owner.password });
    assert.equal((await app.redeem(attempt, back)).claims()?.sub, owner.id);
    const mail = await world.service.mailbox.waitForMail(owner.email);
    assert.match(mail.subject ?? '', /Google was connected/);

    const again = await throughGoogle(newVisitor(), person);
    assert.equal((await app.redeem(again.attempt, again.page)).claims()?.sub, owner.id);
  });

  test('is not taken over by leaving that page', async () => {
    const owner = await world.addPerson();
    const other = await world.addPerson();
    const visitor = newVisitor();
    const { attempt, page } = await throughGoogle(visitor, stranger({ email: owner.email }));
    const profile = await visitor.open(page.url.href.replace(/link$/, 'profile'));
    assert.ok(!profile.url.pathname.endsWith('/profile'));
    const back = await enterPassword(visitor, await visitor.click(page, /Don’t connect/), other);
    assert.equal((await app.redeem(attempt, back)).claims()?.sub, other.id);
    const identities = await world.database.query(
      'select from identities where account_id in ($1, $2)',
      [owner.id, other.id],
    );
    assert.equal(identities.length, 0);
  });

  test('links to that account alone, whoever else signs in on the page', async () => {
    const owner = await world.addPerson();
    const attacker = await world.addPerson();
    const visitor = newVisitor();
    const { attempt, page } = await throughGoogle(visitor, stranger({ email: owner.email }));
    const form = page.fill({ password: attacker.password });
    form.fields.set('email', attacker.email);
    const back = await visitor.send(form, page);
    assert.equal((await app.redeem(attempt, back)).claims()?.sub, attacker.id);
    const linked = await world.database.query('select from identities where account_id = $1', [
      attacker.id,
    ]);
    assert.equal(linked.length, 0);
  });

  test('does not join where Google does not vouch for it', async () => {
    const owner = await world.addPerson();
    const person = stranger({ email: owner.email, email_verified: false });
    const { claims } = await signUp(person, 'not.the.owner');
    assert.notEqual(claims.sub, owner.id);
    assert.equal(claims.email, undefined);
  });
});

describe('a tenant’s rules', () => {
  test('for domains want Google’s word on the organisation, not the address alone', async () => {
    const tenant = await world.addTenant();
    await world.database.query(
      `update tenants set sign_up = 'domains', sign_up_domains = '{corp.example}' where id = $1`,
      [tenant.id],
    );
    const arrive = async (hd?: string) => {
      const person = stranger();
      const email = person.email.replace('mail.example', 'corp.example');
      const claims = { ...person, email, ...(hd ? { hd } : undefined) };
      return (await throughGoogle(newVisitor(), claims, { tenant: tenant.slug })).page;
    };
    assert.match((await arrive('corp.example')).url.pathname, /\/profile$/);
    for (const hd of [undefined, 'evil.example']) {
      const refused = await arrive(hd);
      assert.equal(refused.status, 403);
      assert.match(refused.text, /can’t join here/);
    }
  });

  test('for closed communities hold for Google as well', async () => {
    const tenant = await world.addTenant({ signUp: 'closed' });
    const { page } = await throughGoogle(newVisitor(), stranger(), { tenant: tenant.slug });
    assert.equal(page.status, 403);
    assert.match(page.text, /takes no new accounts/);
  });

  test('say which ways there are', async () => {
    const tenant = await world.addTenant();
    await world.database.query(`update tenants set ways = '{}' where id = $1`, [tenant.id]);
    const attempt = await app.request({ tenant: tenant.slug });
    const visitor = newVisitor();
    const page = await visitor.open(attempt.url);
    assert.doesNotMatch(page.text, /Google/);
    const forced = await visitor.open(`${page.url.href}/with/google`);
    assert.equal(forced.status, 404);
  });

  test('keep one identity in two tenants two accounts', async () => {
    const person = stranger();
    const [one, two] = [await world.addTenant(), await world.addTenant()];
    const subs: unknown[] = [];
    for (const [index, tenant] of [one, two].entries()) {
      const visitor = newVisitor();
      const { attempt, page } = await throughGoogle(visitor, person, { tenant: tenant.slug });
      const back = await choose(visitor, page, `two.walls${index}`);
      const claims = (await app.redeem(attempt, back)).claims();
      assert.equal(claims?.tenant_id, tenant.id);
      subs.push(claims?.sub);
    }
    assert.notEqual(subs[0], subs[1]);
  });
});

test('whoever cancels goes back to the application as before', async () => {
  google.tamper = {
    answer: ({ searchParams }) => {
      searchParams.delete('code');
      searchParams.set('error', 'access_denied');
    },
  };
  const visitor = newVisitor();
  const { page } = await throughGoogle(visitor, stranger());
  assert.equal(answerOf(await visitor.click(page, /Cancel/)).error, 'access_denied');
});
