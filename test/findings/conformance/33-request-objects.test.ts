import assert from 'node:assert/strict';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  Application,
  answerOf,
  enterPassword,
  newVisitor,
  refused,
} from '../../oidc/application.ts';
import { callback, openWorld, type Person, type World } from '../../oidc/world.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const grantTypes = ['authorization_code', 'refresh_token', deviceGrant];

type Change = {
  claims?: JWTPayload;
  header?: { alg?: string; typ?: string };
  key?: CryptoKey | Uint8Array;
};

describe('a request object (RFC 9101)', () => {
  let world: World;
  let ada: Person;
  let app: Application;
  let key: CryptoKey;
  let otherKey: CryptoKey;
  beforeAll(async () => {
    world = await openWorld();
    ada = await world.addPerson();
    ({ app, key } = await signingApp('ES256'));
    otherKey = (await generateKeyPair('ES256')).privateKey;
  });
  afterAll(() => world.close());

  async function signingApp(alg: string, order: object = {}) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), alg, use: 'sig', kid: alg };
    const app = await Application.of(world, { grantTypes, jwks: { keys: [jwk] }, ...order });
    return { app, key: privateKey };
  }

  const inMinutes = (minutes: number) => Math.floor(Date.now() / 1000) + minutes * 60;
  const bodyOf = ({ client }: Application, params: URLSearchParams, more: JWTPayload = {}) => ({
    ...Object.fromEntries(params),
    iss: client.id,
    aud: world.issuer,
    exp: inMinutes(5),
    ...more,
  });

  /** The request in an object that is signed, but for what is changed. */
  async function signed({ url }: { url: URL }, { claims, header, key: by = key }: Change = {}) {
    const object = await new SignJWT(bodyOf(app, url.searchParams, claims))
      .setProtectedHeader({ alg: 'ES256', ...header })
      .sign(by);
    return withObject(url, object);
  }
  /** Beside it, what the specification wants and what a browser may have changed. */
  function withObject(url: URL, request: string, beside: Record<string, string> = {}): URL {
    const { client_id = '', redirect_uri = '' } = Object.fromEntries(url.searchParams);
    const outer = { client_id, redirect_uri, response_type: 'code', scope: 'openid', request };
    return new URL(`${url.origin}${url.pathname}?${new URLSearchParams({ ...outer, ...beside })}`);
  }

  for (const alg of ['RS256', 'PS256', 'ES256', 'Ed25519']) {
    test(`signs somebody in where its client is registered with the key: ${alg}`, async () => {
      const { app, key } = await signingApp(alg);
      const { url, checks } = await app.request();
      const start = await openid.buildAuthorizationUrlWithJAR(app.config, url.searchParams, {
        key,
        kid: alg,
      });
      assert.deepEqual([...start.searchParams.keys()].sort(), ['client_id', 'request']);
      const visitor = newVisitor();
      const back = await enterPassword(visitor, await visitor.open(start), ada);
      assert.equal((await app.redeem({ url, checks }, back)).claims()?.name, ada.name);
    });
  }

  test('does the same for a public client, pushed, and for a device', async () => {
    const own = await signingApp('ES256', { tokenEndpointAuthMethod: 'none' });
    const { url } = await own.app.request();
    const sign = (params: URLSearchParams, more?: JWTPayload) =>
      new SignJWT(bodyOf(own.app, params, more)).setProtectedHeader({ alg: 'ES256' }).sign(own.key);
    const object = { client_id: own.app.client.id, request: await sign(url.searchParams) };
    const pushed = await openid.buildAuthorizationUrlWithPAR(
      own.app.config,
      new URLSearchParams(object),
    );
    for (const start of [withObject(url, object.request), pushed]) {
      assert.ok((await newVisitor().open(start)).has('[name=password]'));
    }
    const order = { request: await sign(new URLSearchParams({ scope: 'openid profile' })) };
    const started = await openid.initiateDeviceAuthorization(own.app.config, order);
    assert.ok(started.user_code);
  });

  test('is all that counts: nothing is taken from beside it', async () => {
    const { url, checks } = await app.request({ scope: 'openid' });
    const start = await signed({ url });
    start.searchParams.set('scope', 'openid profile email');
    start.searchParams.set('state', 'changed');
    start.searchParams.set('prompt', 'none');
    const visitor = newVisitor();
    const back = await enterPassword(visitor, await visitor.open(start), ada);
    const tokens = await app.redeem({ url, checks }, back);
    assert.equal(tokens.scope, 'openid');
  });

  test('asks for no claims that its client has no scopes for', async () => {
    const limited = await signingApp('ES256', { scopes: ['openid'] });
    const { url, checks } = await limited.app.request({ scope: 'openid' });
    const claims = { id_token: { email: null }, userinfo: { email: null } };
    const object = await new SignJWT(bodyOf(limited.app, url.searchParams, { claims }))
      .setProtectedHeader({ alg: 'ES256' })
      .sign(limited.key);
    const visitor = newVisitor();
    const page = await visitor.open(withObject(url, object));
    const tokens = await limited.app.redeem(
      { url, checks },
      await enterPassword(visitor, page, ada),
    );
    assert.ok(!('email' in { ...tokens.claims(), ...(await limited.app.userinfo(tokens)) }));
  });

  const misfits: Record<string, () => Change | Promise<Change>> = {
    'by another key': () => ({ key: otherKey }),
    'by the client’s secret': () => ({
      key: new TextEncoder().encode(app.client.secret),
      header: { alg: 'HS256' },
    }),
    'for somebody else': () => ({ claims: { aud: 'https://other.example' } }),
    'by the word of somebody else': () => ({ claims: { iss: 'other' } }),
    'for another client': () => ({ claims: { client_id: 'other' } }),
    'without an end': () => ({ claims: { exp: undefined } }),
    'long ago': () => ({ claims: { exp: inMinutes(-5) } }),
    'for ever': () => ({ claims: { exp: inMinutes(600) } }),
    'as a client assertion': () => ({ claims: { sub: app.client.id } }),
    'as another kind of JWT': () => ({ header: { typ: 'dpop+jwt' } }),
    'with another one inside': () => ({ claims: { request: 'x.y.z' } }),
  };
  for (const [how, change] of Object.entries(misfits)) {
    test(`is refused, signed ${how}`, async () => {
      const start = await signed(await app.request(), await change());
      assert.equal(answerOf(await newVisitor().open(start)).error, 'invalid_request_object');
    });
  }

  test('is refused of a client without keys, and larger than 16 KB', async () => {
    const keyless = await Application.of(world);
    const { url } = await keyless.request();
    const object = await new SignJWT(bodyOf(keyless, url.searchParams))
      .setProtectedHeader({ alg: 'ES256' })
      .sign(key);
    const answer = answerOf(await newVisitor().open(withObject(url, object)));
    assert.equal(answer.error, 'invalid_request_object');
    const large = await signed(await app.request(), { claims: { padding: 'x'.repeat(13_000) } });
    const pushing = openid.buildAuthorizationUrlWithPAR(app.config, large.searchParams);
    await refused(pushing, 'invalid_request');
    const inside = await signed(await app.request({ state: 'x'.repeat(2049) }));
    assert.equal(answerOf(await newVisitor().open(inside)).error, 'invalid_request');
  });

  test('is refused unsigned, the way that the plain parameters say', async () => {
    const { url, checks } = await app.request();
    const unsigned = (more: JWTPayload) =>
      new UnsecuredJWT(bodyOf(app, url.searchParams, more)).encode();
    const state = checks.expectedState;
    const object = unsigned({ response_mode: 'form_post', state: 'other' });
    const query = answerOf(await newVisitor().open(withObject(url, object, { state })));
    assert.deepEqual([query.error, query.state], ['request_not_supported', state]);
    const beside = { state, response_mode: 'form_post' };
    const start = withObject(url, unsigned({ response_mode: 'query' }), beside);
    const page = await newVisitor().open(start);
    const form = page.document.querySelector('form');
    assert.equal(form?.getAttribute('action'), callback);
    assert.equal(page.value('error'), 'request_not_supported');
    assert.equal(page.value('state'), state);
  });

  test('is refused unsigned where it is pushed, and at an address', async () => {
    const { url } = await app.request();
    const request = new UnsecuredJWT(bodyOf(app, url.searchParams)).encode();
    const pushing = openid.buildAuthorizationUrlWithPAR(
      app.config,
      new URLSearchParams({ client_id: app.client.id, request }),
    );
    await refused(pushing, 'invalid_request_object');
    const elsewhere = await app.request({ request_uri: 'https://app.example/request.jwt' });
    const answer = answerOf(await newVisitor().open(elsewhere.url));
    assert.equal(answer.error, 'request_uri_not_supported');
  });

  test('brings neither address nor phone: there are no such scopes', async () => {
    const metadata = app.config.serverMetadata();
    assert.ok(!metadata.scopes_supported?.some((scope) => /address|phone/.test(scope)));
    const tokens = await app.signIn(newVisitor(), ada, { scope: 'openid address phone' });
    assert.equal(tokens.scope, 'openid');
  });
});
