import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, enterPassword, newVisitor, refused } from './application.ts';
import { openWorld, type Person, type World } from './world.ts';

describe('the authorization code flow', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    [app, ada] = await Promise.all([Application.of(world), world.addPerson()]);
  });
  afterAll(() => world.close());

  test('ends with tokens for the person who signed in', async () => {
    const tokens = await app.signIn(newVisitor(), ada);
    assert.equal(tokens.claims()?.sub, ada.id);
    assert.equal(tokens.token_type, 'bearer');
    assert.ok((tokens.expires_in ?? 0) > 3500);
  });

  test('brings state and iss (RFC 9207) back, with success and with failure', async () => {
    const visitor = newVisitor();
    const attempt = await app.request();
    const answer = answerOf(await enterPassword(visitor, await visitor.open(attempt.url), ada));
    assert.equal(answer.state, attempt.checks.expectedState);
    assert.equal(answer.iss, world.issuer);
    const silent = await app.request({ prompt: 'none' });
    const failure = answerOf(await newVisitor().open(silent.url));
    assert.equal(failure.error, 'login_required');
    assert.equal(failure.state, silent.checks.expectedState);
    assert.equal(failure.iss, world.issuer);
  });

  test('signs in again without a page while the session lasts', async () => {
    const visitor = newVisitor();
    const first = await app.signIn(visitor, ada);
    const attempt = await app.request();
    const second = await app.redeem(attempt, await visitor.open(attempt.url));
    assert.equal(second.claims()?.sub, ada.id);
    assert.equal(second.claims()?.auth_time, first.claims()?.auth_time);
  });

  test('keeps the session for the browser only when the person does not want to be remembered', async () => {
    const visitor = newVisitor();
    const attempt = await app.request();
    const page = await visitor.open(attempt.url);
    const fields = page.fill({ email: ada.email, password: ada.password });
    fields.fields.delete('remember');
    await app.redeem(attempt, await visitor.send(fields, page));
    assert.equal(visitor.cookies.find('session')?.expires, undefined);
    const remembered = newVisitor();
    await app.signIn(remembered, ada);
    const days = ((remembered.cookies.find('session')?.expires ?? 0) - Date.now()) / 86_400_000;
    assert.ok(days > 29 && days < 31, `${days} days`);
  });

  test('needs PKCE with S256', async () => {
    for (const [params, complaint] of [
      [{ code_challenge: '', code_challenge_method: '' }, /requires PKCE/],
      [{ code_challenge_method: 'plain' }, /code_challenge_method/],
    ] as const) {
      const { url } = await app.request(params);
      for (const [name, value] of [...url.searchParams]) {
        if (value === '') url.searchParams.delete(name);
      }
      const answer = answerOf(await newVisitor().open(url));
      assert.equal(answer.error, 'invalid_request');
      assert.match(answer.error_description ?? '', complaint);
    }
  });

  test('gives no tokens for a wrong or missing code verifier', async () => {
    for (const pkceCodeVerifier of [openid.randomPKCECodeVerifier(), undefined]) {
      const visitor = newVisitor();
      const { url, checks } = await app.request();
      const { url: back } = await enterPassword(visitor, await visitor.open(url), ada);
      const redeeming = openid.authorizationCodeGrant(app.config, back, {
        ...checks,
        pkceCodeVerifier,
      });
      await refused(redeeming, 'invalid_grant');
    }
  });

  test('goes on without PKCE only for a client that is known not to have it', async () => {
    const old = await Application.of(world, { pkceRequired: false });
    const { url, checks } = await old.request();
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    const visitor = newVisitor();
    const back = await enterPassword(visitor, await visitor.open(url), ada);
    const tokens = await openid.authorizationCodeGrant(old.config, back.url, {
      expectedState: checks.expectedState,
      expectedNonce: checks.expectedNonce,
    });
    assert.equal(tokens.claims()?.sub, ada.id);
  });

  test('accepts an authorization request that is posted', async () => {
    const { url, checks } = await app.request();
    const body = url.searchParams.toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const visitor = newVisitor();
    const bare = new URL(url.pathname, url);
    const answer = await visitor.fetch(bare, { method: 'POST', body, headers });
    assert.equal(answer.status, 303);
    const page = await visitor.open(new URL(String(answer.headers.location), url));
    const tokens = await app.redeem({ url, checks }, await enterPassword(visitor, page, ada));
    assert.equal(tokens.claims()?.sub, ada.id);
  });

  test('posts its answer where the application wants that, and the browser may send it', async () => {
    const visitor = newVisitor();
    const attempt = await app.request({ response_mode: 'form_post' });
    const page = await enterPassword(visitor, await visitor.open(attempt.url), ada);
    assert.match(
      String(page.headers['content-security-policy']),
      /form-action 'self' https:\/\/app\.example(;|$)/,
    );
    const { url, fields } = page.fill({});
    assert.equal(url.href, 'https://app.example/callback');
    const back = new URL(`${url}?${fields}`);
    assert.equal((await app.redeem(attempt, back)).claims()?.sub, ada.id);
  });

  test('lets a form end wherever the application is registered, and nowhere else', async () => {
    const phone = await Application.of(world, {
      redirectUris: [
        'https://app.example/callback',
        'https://www.app.example/home',
        'org.example.phone:/callback',
      ],
      tokenEndpointAuthMethod: 'none',
    });
    const page = await newVisitor().open((await phone.request()).url);
    assert.match(
      String(page.headers['content-security-policy']),
      /form-action 'self' https:\/\/app\.example https:\/\/www\.app\.example org\.example\.phone:(;|$)/,
    );
  });

  test('answers only with a code: there is no implicit or hybrid flow', async () => {
    for (const response_type of ['token', 'id_token', 'code id_token', 'code token', 'none']) {
      const { url } = await app.request({ response_type });
      const back = await newVisitor().open(url);
      const params = new URLSearchParams(back.url.search || back.url.hash.slice(1));
      assert.match(String(params.get('error')), /unsupported_response_type|unauthorized_client/);
    }
  });

  test('redeems a code once; the second try ends the tokens of the first', async () => {
    const visitor = newVisitor();
    const attempt = await app.request();
    const back = await enterPassword(visitor, await visitor.open(attempt.url), ada);
    const tokens = await app.redeem(attempt, back);
    assert.equal((await app.userinfo(tokens)).sub, ada.id);
    await refused(app.redeem(attempt, back), 'invalid_grant');
    await assert.rejects(app.userinfo(tokens));
    await refused(app.refresh(tokens.refresh_token), 'invalid_grant');
  });

  test('returns to the registered address only, letter by letter', async () => {
    const { url } = await app.request({ redirect_uri: 'https://app.example/callback/' });
    const page = await newVisitor().open(url);
    assert.equal(page.status, 400);
    assert.match(page.text, /redirect_uri/);
  });

  test('serves native applications at a loopback address or a scheme of their own (RFC 8252)', async () => {
    for (const redirectUri of ['http://127.0.0.1:49152/callback', 'org.acme.chat:/callback']) {
      const native = await Application.of(world, {
        tokenEndpointAuthMethod: 'none',
        redirectUris: [redirectUri],
        scopes: ['openid', 'profile', 'email', 'tenant'],
      });
      const visitor = newVisitor({ stopAt: ({ href }) => href.startsWith(redirectUri) });
      const attempt = await native.request();
      const consent = await enterPassword(visitor, await visitor.open(attempt.url), ada);
      assert.match(consent.heading, /Acme Chat/);
      const tokens = await native.redeem(attempt, await visitor.submit(consent));
      assert.equal(tokens.claims()?.sub, ada.id);
    }
  });
});
