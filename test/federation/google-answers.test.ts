import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { newVisitor } from '../oidc/application.ts';
import type { Visitor } from '../support/forms.ts';
import { useGoogle } from './google-world.ts';
import { type Claims, stranger } from './person.ts';

const { accountsOf, google, request, throughGoogle } = useGoogle();

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
      google().tamper = { claims };
      await mustFail(failed);
    });
  }

  test('with a signature by nobody (alg none)', async () => {
    google().tamper = {
      idToken: (token) => {
        const [, payload] = token.split('.');
        const header = Buffer.from('{"alg":"none"}').toString('base64url');
        return `${header}.${payload}.`;
      },
    };
    await mustFail(failed);
  });

  test('with claims changed after it was signed', async () => {
    google().tamper = {
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
    google().tamper = {
      answer: ({ searchParams }) => searchParams.set('iss', 'https://evil.example'),
    };
    await mustFail(failed);
  });

  test('that is an error, and the other ways are still there', async () => {
    google().tamper = {
      answer: ({ searchParams }) => {
        searchParams.delete('code');
        searchParams.set('error', 'server_error');
        searchParams.set('error_description', '<script>alert(1)</script>');
      },
    };
    await mustFail(failed);
    google().tamper = {
      answer: ({ searchParams }) => {
        searchParams.delete('code');
        searchParams.set('error', 'access_denied');
      },
    };
    await mustFail(/You cancelled signing in with Google/);
  });

  test('whose code is not one of Google’s', async () => {
    google().tamper = { answer: ({ searchParams }) => searchParams.set('code', 'guessed') };
    await mustFail(failed);
  });
});

test('the way to Google is not begun without end', async () => {
  const visitor = newVisitor();
  const page = await visitor.open((await request()).url);
  const leave = async () => (await visitor.fetch(page.link('Google'))).status;
  for (let count = 0; count < 60; count++) assert.equal(await leave(), 303);
  assert.equal(await leave(), 429);
});

describe('the way back from Google', () => {
  /** Stops at our callback, which is then opened in whatever way. */
  async function callbackOf(visitor: Visitor, person: Claims) {
    const attempt = await request();
    const page = await visitor.open(attempt.url);
    google().person = person;
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
    await victim.open((await request()).url);
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
