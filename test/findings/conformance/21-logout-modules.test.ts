import assert from 'node:assert/strict';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Page } from '../../support/page.ts';

/**
 * What the modules of the OpenID conformance suite (5.2.4) for RP-initiated and back-channel logout
 * look at, each under the name of its module.
 */
const home = 'https://app.example/signed-out';
/** As long as that of the suite, to see that it comes back whole. */
const state = 'Zx9'.repeat(43);

let world: World;
let app: Application;
let ada: Person;
beforeAll(async () => {
  world = await openWorld();
  [app, ada] = await Promise.all([Application.of(world), world.addPerson()]);
});
afterAll(() => world.close());

async function metadata(): Promise<Record<string, unknown>> {
  const answer = await fetch(`${world.issuer}/.well-known/openid-configuration`);
  return (await answer.json()) as Record<string, unknown>;
}

type Params = Record<string, string | undefined>;

/** Signs somebody in, then sends them to the end of the session with what the module changes. */
async function signOut(change: (idToken: string) => Params | Promise<Params>) {
  const visitor = newVisitor();
  const { id_token = '' } = await app.signIn(visitor, ada);
  const url = new URL(String((await metadata()).end_session_endpoint));
  const params = {
    ...{ id_token_hint: id_token, post_logout_redirect_uri: home, state },
    ...(await change(id_token)),
  };
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const page = await visitor.open(url);
  const silent = async () => {
    const attempt = await app.request({ prompt: 'none' });
    return answerOf(await visitor.open(attempt.url)).error;
  };
  return { page, silent, confirm: () => visitor.submit(page) };
}

/** Neither an error page nor a question leads to the application. */
async function assertStaysHere({ page, confirm }: { page: Page; confirm(): Promise<Page> }) {
  assert.equal(page.url.origin, world.url);
  if (page.status === 400) return;
  assert.equal(page.status, 200);
  assert.equal((await confirm()).url.origin, world.url);
}

async function assertSignedOutHere(attempt: Awaited<ReturnType<typeof signOut>>) {
  const done = await attempt.confirm();
  assert.equal(done.url.origin, world.url);
  assert.equal(done.status, 200);
  assert.match(done.heading, /signed out/i);
  assert.equal(await attempt.silent(), 'login_required');
}

describe('oidcc-rp-initiated-logout-certification-test-plan', () => {
  test('oidcc-rp-initiated-logout-discovery-endpoint-verification', async () => {
    assert.equal((await metadata()).end_session_endpoint, `${world.issuer}/session/end`);
  });

  test('oidcc-rp-initiated-logout', async () => {
    const attempt = await signOut(() => ({}));
    const back = await attempt.confirm();
    assert.equal(back.url.href, `${home}?state=${state}`);
    assert.equal(await attempt.silent(), 'login_required');
  });

  test('oidcc-rp-initiated-logout-bad-post-logout-redirect-uri', async () => {
    const attempt = await signOut(() => ({ post_logout_redirect_uri: `${home}/another` }));
    await assertStaysHere(attempt);
  });

  test('oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri', async () => {
    await assertStaysHere(await signOut(() => ({ post_logout_redirect_uri: `${home}?foo=bar` })));
  });

  test('oidcc-rp-initiated-logout-modified-id-token-hint', async () => {
    const attempt = await signOut((idToken) => ({
      id_token_hint: new UnsecuredJWT(decodeJwt(idToken)).encode(),
    }));
    await assertStaysHere(attempt);
  });

  test('oidcc-rp-initiated-logout-bad-id-token-hint', async () => {
    for (const kid of [true, false]) {
      const attempt = await signOut(async (idToken) => {
        const { privateKey, publicKey } = await generateKeyPair('RS256');
        const stolen = kid ? { kid: (await publishedKid()) ?? '' } : {};
        const header = { alg: 'RS256', ...stolen, jwk: await exportJWK(publicKey) };
        const claims = decodeJwt(idToken);
        return {
          id_token_hint: await new SignJWT(claims).setProtectedHeader(header).sign(privateKey),
        };
      });
      await assertStaysHere(attempt);
    }
  });

  test('oidcc-rp-initiated-logout-no-id-token-hint', async () => {
    await assertStaysHere(await signOut(() => ({ id_token_hint: undefined })));
  });

  test('oidcc-rp-initiated-logout-no-params', async () => {
    const nothing = { id_token_hint: undefined, post_logout_redirect_uri: undefined };
    await assertSignedOutHere(await signOut(() => ({ ...nothing, state: undefined })));
  });

  test('oidcc-rp-initiated-logout-only-state', async () => {
    const nothing = { id_token_hint: undefined, post_logout_redirect_uri: undefined };
    await assertSignedOutHere(await signOut(() => nothing));
  });

  test('oidcc-rp-initiated-logout-no-post-logout-redirect-uri', async () => {
    await assertSignedOutHere(await signOut(() => ({ post_logout_redirect_uri: undefined })));
  });

  test('oidcc-rp-initiated-logout-no-state', async () => {
    const attempt = await signOut(() => ({ state: undefined }));
    assert.equal((await attempt.confirm()).url.href, home);
    assert.equal(await attempt.silent(), 'login_required');
  });
});

describe('oidcc-backchannel-rp-initiated-logout-certification-test-plan', () => {
  test('oidcc-backchannel-logout-discovery-endpoint-verification', async () => {
    const told = await metadata();
    assert.equal(told.backchannel_logout_supported, true);
    assert.equal(told.backchannel_logout_session_supported, true);
    assert.ok(told.end_session_endpoint);
  });

  // oidcc-backchannel-rp-initiated-logout: test/findings/people/21-sign-out-of-applications.test.ts
});

async function publishedKid(): Promise<string | undefined> {
  const answer = await fetch(`${world.issuer}/jwks`);
  const { keys } = (await answer.json()) as { keys: { kid: string; alg: string }[] };
  return keys.find(({ alg }) => alg === 'RS256')?.kid;
}
