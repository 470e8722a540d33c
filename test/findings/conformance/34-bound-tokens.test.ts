import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Client } from '../../../src/clients/clients.store.ts';
import {
  Application,
  enterPassword,
  newVisitor,
  refused,
  type Tokens,
} from '../../oidc/application.ts';
import { newProofKey, type ProofKey, type ProofOf } from '../../oidc/proof.ts';
import { furnish, type Person, type World } from '../../oidc/world.ts';
import { startInstances } from '../../support/service.ts';

let world: World;
let ada: Person;
beforeAll(async () => {
  world = await furnish(await startInstances(2));
  ada = await world.addPerson();
});
afterAll(() => world.close());

describe('an access token that is bound to a key (RFC 9449)', () => {
  /** Signs in with a key of the application's own. */
  async function signIn(app: Application): Promise<{ tokens: Tokens; handle: openid.DPoPHandle }> {
    const handle = openid.getDPoPHandle(app.config, await openid.randomDPoPKeyPair());
    const visitor = newVisitor();
    const attempt = await app.request();
    const first = await enterPassword(visitor, await visitor.open(attempt.url), ada);
    const back = first.status === 0 ? first : await visitor.submit(first);
    const options = { DPoP: handle };
    const tokens = await openid.authorizationCodeGrant(
      ...([app.config, back.url, attempt.checks, undefined, options] as const),
    );
    return { tokens, handle };
  }

  /** A token of a program, by hand, so that each proof can be any. */
  async function boundToken(key: ProofKey): Promise<{ client: Client; token: string }> {
    const client = await addMachine({});
    const url = `${world.issuer}/token`;
    const proof = await key.prove({ url, method: 'POST' });
    const { body } = await askToken(client, proof);
    assert.equal(body.token_type, 'DPoP');
    return { client, token: String(body.access_token) };
  }

  type Machine = Client & { secret: string };
  const addMachine = (order: Partial<Client>): Promise<Machine> =>
    world.addClient({
      ...{ redirectUris: [], grantTypes: ['client_credentials'], scopes: ['handles:read'] },
      tenantIds: [world.defaultTenantId],
      ...order,
    });

  async function askToken({ id, secret }: Machine, proof?: string) {
    const answer = await fetch(`${world.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        ...(proof ? { dpop: proof } : undefined),
      },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const body = (await answer.json()) as Record<string, unknown>;
    return { status: answer.status, nonce: answer.headers.get('dpop-nonce') ?? undefined, body };
  }

  async function internal(token: string, scheme: string, proof?: string): Promise<number> {
    const answer = await fetch(`${world.url}/internal/handles/ada`, {
      headers: { authorization: `${scheme} ${token}`, ...(proof ? { dpop: proof } : undefined) },
    });
    if (answer.status === 401) {
      const challenge = answer.headers.get('www-authenticate') ?? '';
      assert.match(challenge, new RegExp(`^${scheme} .*error="invalid_token"`));
    }
    return answer.status;
  }

  test('is offered in discovery, for keys that sign proofs', async () => {
    const answer = await fetch(`${world.issuer}/.well-known/openid-configuration`);
    const metadata = (await answer.json()) as Record<string, string[]>;
    assert.deepEqual(metadata.dpop_signing_alg_values_supported?.toSorted(), [
      ...['ES256', 'Ed25519', 'EdDSA'],
    ]);
  });

  test('opens userinfo with the key, and says whose it is when it is introspected', async () => {
    const app = await Application.of(world, { dpopBoundAccessTokens: true });
    const { tokens, handle } = await signIn(app);
    assert.equal(tokens.token_type, 'dpop');
    const claims = await openid.fetchUserInfo(app.config, tokens.access_token, ada.id, {
      DPoP: handle,
    });
    assert.equal(claims.sub, ada.id);
    const told = await openid.tokenIntrospection(app.config, tokens.access_token);
    assert.equal(told.cnf?.jkt, await handle.calculateThumbprint());
  });

  test('opens nothing without the key, nor with another', async () => {
    const app = await Application.of(world, { dpopBoundAccessTokens: true });
    const { tokens } = await signIn(app);
    const other = openid.getDPoPHandle(app.config, await openid.randomDPoPKeyPair());
    await assert.rejects(app.userinfo(tokens));
    await assert.rejects(
      openid.fetchUserInfo(app.config, tokens.access_token, ada.id, { DPoP: other }),
    );
  });

  test('is the only one that a client gets which is registered so', async () => {
    const app = await Application.of(world, { dpopBoundAccessTokens: true });
    await refused(app.signIn(newVisitor(), ada), 'invalid_grant');
    const { status, body } = await askToken(await addMachine({ dpopBoundAccessTokens: true }));
    assert.deepEqual([status, body.error], [400, 'invalid_grant']);
  });

  test('is refreshed by a public client with the same key only', async () => {
    const app = await Application.of(world, { tokenEndpointAuthMethod: 'none' });
    const { tokens, handle } = await signIn(app);
    const other = openid.getDPoPHandle(app.config, await openid.randomDPoPKeyPair());
    const token = tokens.refresh_token ?? '';
    await refused(
      openid.refreshTokenGrant(app.config, token, {}, { DPoP: other }),
      'invalid_grant',
    );
    await refused(openid.refreshTokenGrant(app.config, token), 'invalid_grant');
    const renewed = await openid.refreshTokenGrant(app.config, token, {}, { DPoP: handle });
    assert.equal(renewed.token_type, 'dpop');
  });

  test('is given for a proof with a nonce, which any instance made, where it is required', async () => {
    const client = await addMachine({ dpopBoundAccessTokens: true });
    const key = await newProofKey();
    const url = `${world.issuer}/token`;
    const prove = (more: Partial<ProofOf> = {}) => key.prove({ url, method: 'POST', ...more });
    const asked = await askToken(client, await prove());
    assert.deepEqual([asked.status, asked.body.error], [400, 'use_dpop_nonce']);
    assert.ok(asked.nonce);
    for (let instance = 0; instance < 4; instance++) {
      const { status, body } = await askToken(client, await prove({ nonce: asked.nonce }));
      assert.deepEqual([status, body.token_type], [200, 'DPoP']);
    }
    const made = await askToken(client, await prove({ nonce: 'made-up' }));
    assert.deepEqual([made.status, made.body.error], [400, 'use_dpop_nonce']);
  });

  test('is not given for a proof that was used, is old, or is for elsewhere', async () => {
    const client = await addMachine({});
    const key = await newProofKey();
    const url = `${world.issuer}/token`;
    const now = Math.floor(Date.now() / 1000);
    const used = await key.prove({ url, method: 'POST' });
    const tries = await Promise.all(Array.from({ length: 20 }, () => askToken(client, used)));
    assert.equal(tries.filter(({ status }) => status === 200).length, 1);
    for (const of of [
      { url, method: 'GET' },
      { url: `${world.issuer}/userinfo`, method: 'POST' },
      { url: 'https://other.example/oidc/token', method: 'POST' },
      { url, method: 'POST', iat: now - 400 },
      { url, method: 'POST', iat: now + 400 },
    ]) {
      const { status, body } = await askToken(client, await key.prove(of));
      assert.equal(status, 400, JSON.stringify(of));
      assert.match(String(body.error), /^(invalid_dpop_proof|use_dpop_nonce)$/);
    }
  });

  test('opens the internal API with its key, and with nothing else', async () => {
    const [key, other] = [await newProofKey(), await newProofKey()];
    const { token } = await boundToken(key);
    const url = `${world.url}/internal/handles/ada`;
    const prove = (more: Partial<ProofOf> = {}) => key.prove({ url, token, ...more });
    assert.equal(await internal(token, 'DPoP', await prove()), 200);
    assert.equal(await internal(token, 'DPoP', await prove({ url: `${url}?x=1#y` })), 200);
    assert.equal(await internal(token, 'Bearer'), 401);
    assert.equal(await internal(token, 'Bearer', await prove()), 401);
    assert.equal(await internal(token, 'DPoP'), 401);
    const now = Math.floor(Date.now() / 1000);
    for (const proof of [
      await other.prove({ url, token }),
      await prove({ method: 'POST' }),
      await prove({ url: `${world.url}/internal/handles/bob` }),
      await prove({ url: `${world.issuer}/userinfo` }),
      await prove({ token: 'another' }),
      await prove({ token: undefined }),
      await prove({ iat: now - 400 }),
      await prove({ iat: now + 400 }),
      'no.proof.atall',
    ]) {
      assert.equal(await internal(token, 'DPoP', proof), 401);
    }
  });

  test('opens it once for one proof, also many times at once', async () => {
    const key = await newProofKey();
    const { token } = await boundToken(key);
    const proof = await key.prove({ url: `${world.url}/internal/handles/ada`, token });
    const tries = Array.from({ length: 20 }, () => internal(token, 'DPoP', proof));
    const answers = await Promise.all(tries);
    assert.equal(answers.filter((status) => status === 200).length, 1);
  });

  test('is not what any token becomes by calling it so', async () => {
    const { body } = await askToken(await addMachine({}));
    const token = String(body.access_token);
    assert.equal(body.token_type, 'Bearer');
    const key = await newProofKey();
    const proof = await key.prove({ url: `${world.url}/internal/handles/ada`, token });
    assert.equal(await internal(token, 'DPoP', proof), 401);
    assert.equal(await internal(token, 'Bearer'), 200);
  });
});
