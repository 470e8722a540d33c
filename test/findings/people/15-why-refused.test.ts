import assert from 'node:assert/strict';
import { OAuthCallbackError } from '@atproto/oauth-client-node';
import { generateKeyPair, type JWK, SignJWT } from 'jose';
import { describe, test } from 'vitest';
import { translated } from '../../../src/federation/atproto/errors.ts';
import type { GoogleStandIn } from '../../federation/google.ts';
import { useGoogle } from '../../federation/google-world.ts';
import { type Claims, stranger } from '../../federation/person.ts';
import { type PlainProvider, plainClient } from '../../federation/plain-provider.ts';
import { usePlain } from '../../federation/plain-world.ts';
import { newVisitor } from '../../oidc/application.ts';
import { until } from '../../support/until.ts';

const now = () => Math.floor(Date.now() / 1000);

/** An ID token with whatever it said, signed by nobody's key under the right key's name. */
async function signedByNobody(idToken: string, { kid }: JWK): Promise<string> {
  const [, payload = ''] = idToken.split('.');
  const { privateKey } = await generateKeyPair('ES256');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
}

const says = (change: Claims | (() => Claims)) => (provider: PlainProvider) => {
  const said = typeof change === 'function' ? change() : change;
  provider.tamper = (claims) => void Object.assign(claims, said);
};
const answers = (parameters: Record<string, string>) => (provider: PlainProvider) => {
  provider.answer = ({ searchParams }) => {
    searchParams.delete('code');
    for (const [name, value] of Object.entries(parameters)) searchParams.set(name, value);
  };
};
const redeems = (status: number, body: object) => (provider: PlainProvider) => {
  provider.tokenAnswer = { status, body };
};

/** What goes wrong, and what the operator reads of it. */
const faults: Record<string, [(provider: PlainProvider) => void, RegExp]> = {
  'another audience': [says({ aud: 'others' }), /"aud".*CLAIM_COMPARISON_FAILED, aud/],
  'another issuer': [says({ iss: 'https://evil.example' }), /"iss".*CLAIM_COMPARISON_FAILED/],
  'another nonce': [says({ nonce: 'another' }), /"nonce"/],
  'another application': [says({ azp: 'others', aud: [plainClient.id, 'others'] }), /"azp"/],
  'a token of long ago': [
    says(() => ({ exp: now() - 95 })),
    /TIMESTAMP.*exp.*\b9\d s in the past.*clocks/,
  ],
  'a clock that is ahead': [
    says(() => ({ nbf: now() + 300 })),
    /nbf.*\b(?:29\d|300) s in the future/,
  ],
  'no date': [says({ exp: undefined }), /"exp".*missing/],
  'a date that is none': [says({ iat: 'soon' }), /"iat"/],
  'no subject': [says({ sub: undefined }), /"sub".*missing/],
  'a subject that is too long': [says({ sub: 'x'.repeat(256) }), /no usable subject/],
  'a signature by nobody': [
    (provider) => {
      provider.forge = signedByNobody;
    },
    /signature/,
  ],
  'no signature': [
    (provider) => {
      provider.forge = (token) =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`;
    },
    /alg/,
  ],
  'no ID token': [redeems(200, { access_token: 'opaque', token_type: 'Bearer' }), /"id_token"/],
  'a wrong secret': [redeems(401, { error: 'invalid_client' }), /invalid_client.*HTTP 401.*secret/],
  'a code that is not taken': [redeems(400, { error: 'invalid_grant' }), /invalid_grant.*code/],
  'a provider in trouble': [redeems(503, {}), /HTTP 503/],
  'an error of the provider': [answers({ error: 'server_error' }), /server_error/],
  'no code': [answers({}), /code/],
  'an answer of another issuer': [
    (provider) => {
      provider.answer = ({ searchParams }) => searchParams.set('iss', 'https://evil.example');
    },
    /"iss"/,
  ],
};

describe('why an answer was refused', () => {
  const { lastFailure, provider, through, world } = usePlain({ staff: [] });

  test('can be read in the audit and in the log, each fault apart from the others', async () => {
    const read = new Map<string, string>();
    for (const [fault, [cause, words]] of Object.entries(faults)) {
      Object.assign(provider(), { tokenAnswer: undefined });
      provider().tamper = () => {};
      provider().forge = (idToken) => idToken;
      provider().answer = () => {};
      cause(provider());
      const { page } = await through('staff', stranger());
      assert.match(page.text, /Signing in with staff didn’t work/, fault);
      const { reason, message } = await lastFailure();
      assert.equal(reason, 'upstream_failed', fault);
      assert.match(String(message), words, fault);
      await until(() => logged().includes(JSON.stringify(message)), {
        what: `${fault} in the log`,
      });
      read.set(String(message), fault);
    }
    assert.equal(read.size, Object.keys(faults).length);
  });

  test('tells codes of the library apart from what it is about', async () => {
    says(() => ({ exp: now() - 95 }))(provider());
    await through('staff', stranger());
    const { check, claim, clockSeconds } = await lastFailure();
    assert.deepEqual([check, claim], ['OAUTH_JWT_TIMESTAMP_CHECK_FAILED', 'exp']);
    assert.ok(Number(clockSeconds) >= 95);
  });

  test('holds nothing of what the answer held', async () => {
    const person = stranger({ aud: 'others', name: 'Grace Secret' });
    redeems(400, {
      ...{ error: 'invalid_grant' },
      error_description: `${person.email} may not use eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl`,
    })(provider());
    await through('staff', person);
    provider().tokenAnswer = undefined;
    await through('staff', person);
    await until(() => /… may not use …/.test(logged()), { what: 'it in the log' });
    const rows = await world().database.query('select detail from audit');
    for (const place of [JSON.stringify(rows), logged()]) {
      for (const secret of [person.email, 'eyJhbGciOiJub25l', 'Grace Secret']) {
        assert.ok(!place.includes(secret), secret);
      }
    }
  });

  test('of a logout stands in the log', async () => {
    const token = await provider().logoutToken({ sub: 'somebody', iat: now() - 1000 });
    const answer = await fetch(`${world().url}/callback/staff/logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
    assert.equal(answer.status, 400);
    await until(() => /ERR_JWT_EXPIRED.*a logout was refused/.test(logged()), {
      what: 'it in the log',
    });
    assert.ok(!logged().includes(token));
  });

  const logged = () => world().service.logs();
});

describe('`access_denied`', () => {
  const { lastFailure, provider, through } = usePlain({ staff: [] });
  const denied = async (parameters: Record<string, string> = {}) => {
    answers({ error: 'access_denied', ...parameters })(provider());
    const { page } = await through('staff', stranger());
    return { text: page.text, reason: (await lastFailure()).reason };
  };

  test('without a reason is the person’s own turning back', async () => {
    const { text, reason } = await denied();
    assert.match(text, /You cancelled signing in with staff/);
    assert.equal(reason, 'upstream_cancelled');
  });

  test('with one is the provider’s refusal', async () => {
    const reasons = [
      'User is not assigned to the client application.',
      'AADSTS50105: The signed in user is blocked because they are not a direct member of a group',
      'The request was rejected by policy',
    ];
    for (const error_description of reasons) {
      const { text, reason } = await denied({ error_description });
      assert.match(text, /staff doesn’t let you sign in here/, error_description);
      assert.equal(reason, 'upstream_denied');
    }
  });

  test('is the person’s where the reason says so, as common providers do', async () => {
    const reasons: Record<string, string>[] = [
      { error_description: 'End-User aborted interaction' },
      { error_description: 'User did not authorize the request' },
      { error_description: 'The user rejected the request' },
      { error_description: 'AADSTS65004: Der Benutzer hat abgelehnt', error_subcode: 'cancel' },
    ];
    for (const parameters of reasons) {
      assert.equal((await denied(parameters)).reason, 'upstream_cancelled');
    }
  });
});

describe('Google’s refusal', () => {
  const { google, throughGoogle, world } = useGoogle();
  const failed = async (tamper: GoogleStandIn['tamper']) => {
    google().tamper = tamper;
    const { page } = await throughGoogle(newVisitor(), stranger());
    const [row] = await world().database.query<{ detail: Claims }>(
      `select detail from audit where action = 'upstream.sign_in_failed' order by id desc limit 1`,
    );
    return { text: page.text, message: row?.detail.message };
  };
  const answering = (parameters: Record<string, string>) => ({
    answer: ({ searchParams }: URL) => {
      searchParams.delete('code');
      for (const [name, value] of Object.entries(parameters)) searchParams.set(name, value);
    },
  });

  test('says which check it was', async () => {
    const aud = await failed({ claims: (claims) => void Object.assign(claims, { aud: 'others' }) });
    assert.match(String(aud.message), /"aud".*ERR_JWT_CLAIM_VALIDATION_FAILED, aud/);
    const late = await failed({
      claims: (claims) => void Object.assign(claims, { exp: now() - 95 }),
    });
    assert.match(String(late.message), /ERR_JWT_EXPIRED, exp.*\b9\d s in the past/);
    const lacks = await failed({ claims: (claims) => void Object.assign(claims, { nonce: 7 }) });
    assert.match(String(lacks.message), /lacks claims \(nonce\)/);
    const error = await failed(answering({ error: 'invalid_scope' }));
    assert.match(String(error.message), /invalid_scope/);
    const code = await failed({
      answer: ({ searchParams }) => searchParams.set('code', 'another'),
    });
    assert.match(String(code.message), /did not redeem the code.*HTTP 4\d\d|invalid_grant/);
  });

  test('is no cancellation when it has a reason', async () => {
    const cancelled = await failed(answering({ error: 'access_denied' }));
    assert.match(cancelled.text, /You cancelled signing in with Google/);
    const reason = { error: 'access_denied', error_description: 'The app is blocked for you' };
    assert.match((await failed(answering(reason))).text, /Google doesn’t let you sign in here/);
  });
});

describe('the refusal of an account’s server in the AT Protocol', () => {
  const refusal = (parameters: Record<string, string>) =>
    translated(new OAuthCallbackError(new URLSearchParams(parameters)));

  test('says which check it was', () => {
    const mismatch = new OAuthCallbackError(new URLSearchParams(), 'Issuer mismatch');
    assert.match(translated(mismatch).message, /Issuer mismatch/);
    const { code, message, details } = refusal({ error: 'server_error' });
    assert.deepEqual([code, details.error], ['upstream_failed', 'server_error']);
    assert.match(message, /server_error/);
  });

  test('is a cancellation only when it was the person’s', () => {
    const said = (error_description: string) =>
      refusal({ error: 'access_denied', error_description }).code;
    assert.equal(said('The user rejected the request'), 'upstream_cancelled');
    assert.equal(said('This account has been deactivated'), 'upstream_denied');
  });
});
