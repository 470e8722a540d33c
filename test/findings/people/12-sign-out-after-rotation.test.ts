import assert from 'node:assert/strict';
import { decodeJwt, decodeProtectedHeader, importJWK, type JWTPayload, SignJWT } from 'jose';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { destroyRetired } from '../../../src/oidc/keys.store.ts';
import { loadSigningKeys, rotateKeys } from '../../../src/oidc/keys.ts';
import { Application, answerOf, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { until } from '../../support/until.ts';

const home = 'https://app.example/signed-out';

describe('an ID token whose key was replaced', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    [app, ada] = await Promise.all([Application.of(world), world.addPerson()]);
  });
  afterAll(() => world.close());

  async function signedIn() {
    const visitor = newVisitor();
    const { id_token = '' } = await app.signIn(visitor, ada);
    return { visitor, idToken: id_token };
  }

  function signOutUrl(idToken: string): URL {
    return openid.buildEndSessionUrl(app.config, {
      id_token_hint: idToken,
      post_logout_redirect_uri: home,
      state: 'xyz',
    });
  }

  const published = async (): Promise<string[]> => {
    const { keys } = (await (await fetch(`${world.issuer}/jwks`)).json()) as {
      keys: { kid: string }[];
    };
    return keys.map(({ kid }) => kid);
  };
  const kidOf = (token: string) => decodeProtectedHeader(token).kid ?? '';

  /** New keys sign, and those of before have been gone for most of a session. */
  async function replaceKeys(idToken: string): Promise<void> {
    const kids = await rotateKeys(world.database, world.ring, 0);
    await world.database.query(
      `update signing_keys set retires_at = now() - interval '80 days' where not kid = any($1)`,
      [kids],
    );
    await destroyRetired(world.database);
    const isGone = async () => !(await published()).includes(kidOf(idToken));
    await until(isGone, { what: 'the old key to leave the JWKS', timeout: 15_000 });
  }

  /** What the holder of the key that signs now could make. */
  async function signedByOurKey(claims: JWTPayload, kid: string, typ?: string): Promise<string> {
    const keys = await loadSigningKeys(world.database, world.ring);
    const key = keys.find((it) => it.kid === kid);
    assert.ok(key);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid, ...(typ ? { typ } : undefined) })
      .sign(await importJWK(key));
  }

  test('signs the person out, and leads back to the application', async () => {
    const { visitor, idToken } = await signedIn();
    await replaceKeys(idToken);
    const page = await visitor.open(signOutUrl(idToken));
    assert.equal(page.status, 200, page.text);
    assert.match(page.text, /Ada Lovelace/);
    const back = await visitor.submit(page);
    assert.equal(back.url.href, `${home}?state=xyz`);
    const attempt = await app.request({ prompt: 'none' });
    assert.equal(answerOf(await visitor.open(attempt.url)).error, 'login_required');
  });

  test('still says whom a silent sign-in is for', async () => {
    const { visitor, idToken } = await signedIn();
    await replaceKeys(idToken);
    const silent = await app.request({ prompt: 'none', id_token_hint: idToken });
    assert.ok(answerOf(await visitor.open(silent.url)).code);
    const other = newVisitor();
    await app.signIn(other, await world.addPerson());
    assert.equal(answerOf(await other.open(silent.url)).error, 'login_required');
  });

  test('may also have expired (RP-Initiated Logout 1.0 §2)', async () => {
    const { visitor, idToken } = await signedIn();
    const claims = decodeJwt(idToken);
    const longAgo = Math.floor(Date.now() / 1000) - 70 * 24 * 3600;
    const expired = await signedByOurKey(
      { ...claims, iat: longAgo, exp: longAgo + 3600 },
      kidOf(idToken),
    );
    await replaceKeys(idToken);
    const back = await visitor.submit(await visitor.open(signOutUrl(expired)));
    assert.equal(back.url.href, `${home}?state=xyz`);
  });

  test('must be of this issuer, for this client, of a person, and no logout token', async () => {
    const { visitor, idToken } = await signedIn();
    const claims = decodeJwt(idToken);
    const { sub: _sub, ...nobody } = claims;
    const kid = kidOf(idToken);
    const strangers = [
      await signedByOurKey({ ...claims, iss: 'https://other.example/oidc' }, kid),
      await signedByOurKey(nobody, kid),
      await signedByOurKey(claims, kid, 'logout+jwt'),
    ];
    const hintsOfOthers = [...strangers, await signedByOurKey({ ...claims, aud: 'nobody' }, kid)];
    for (const hint of hintsOfOthers) {
      assert.equal((await visitor.open(signOutUrl(hint))).status, 400);
    }
    const { url } = await app.request({ prompt: 'none' });
    for (const hint of hintsOfOthers) {
      url.searchParams.set('id_token_hint', hint);
      assert.equal(answerOf(await visitor.open(url)).error, 'invalid_request');
    }
  });

  test('leaves nothing behind that could sign', async () => {
    const { idToken } = await signedIn();
    await replaceKeys(idToken);
    const rows = await world.database.query<{ sealed: string | null }>(
      'select sealed from signing_keys where retires_at < now()',
    );
    assert.ok(rows.length > 0);
    assert.ok(rows.every(({ sealed }) => sealed === null));
  });

  test('is believed by nobody when the key was compromised', async () => {
    const { visitor, idToken } = await signedIn();
    await replaceKeys(idToken);
    const later = await signedIn();
    await world.service.cli('keys', 'rotate', '--compromised');
    const changed = async () => (await published()).every((kid) => kid !== kidOf(later.idToken));
    await until(changed, { what: 'the compromised key to leave the JWKS', timeout: 15_000 });
    assert.equal((await published()).length, 2);
    for (const { visitor: person, idToken: hint } of [{ visitor, idToken }, later]) {
      assert.equal((await person.open(signOutUrl(hint))).status, 400);
      const silent = await app.request({ prompt: 'none', id_token_hint: hint });
      assert.equal(answerOf(await person.open(silent.url)).error, 'invalid_request');
    }
    const { idToken: fresh } = await signedIn();
    assert.notEqual(kidOf(fresh), kidOf(later.idToken));
    assert.equal((await later.visitor.open(signOutUrl(fresh))).status, 200);
  });
});
