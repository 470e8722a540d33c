import assert from 'node:assert/strict';
import { exportJWK, generateKeyPair } from 'jose';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, enterPassword, newVisitor, refused } from './application.ts';
import { openWorld, type Person, type World } from './world.ts';

describe('a client proves itself', () => {
  let world: World;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    ada = await world.addPerson();
  });
  afterAll(() => world.close());

  for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
    test(`by its secret: ${method}`, async () => {
      const app = await Application.of(world, { tokenEndpointAuthMethod: method });
      const tokens = await app.signIn(newVisitor(), ada);
      assert.equal(tokens.claims()?.sub, ada.id);
    });
  }

  for (const alg of ['ES256', 'RS256', 'PS256', 'Ed25519']) {
    test(`by a JWT signed with its key: private_key_jwt, ${alg}`, async () => {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), alg, use: 'sig', kid: 'key-1' };
      const app = await Application.of(
        world,
        { tokenEndpointAuthMethod: 'private_key_jwt', jwks: { keys: [jwk] } },
        openid.PrivateKeyJwt(privateKey),
      );
      const tokens = await app.signIn(newVisitor(), ada);
      assert.equal(tokens.claims()?.sub, ada.id);
    });
  }

  test('a JWT of another key does not', async () => {
    const [own, other] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
    const jwk = { ...(await exportJWK(own.publicKey)), alg: 'ES256', use: 'sig' };
    const app = await Application.of(
      world,
      { tokenEndpointAuthMethod: 'private_key_jwt', jwks: { keys: [jwk] } },
      openid.PrivateKeyJwt(other.privateKey),
    );
    await refused(app.signIn(newVisitor(), ada), 'invalid_client');
  });

  test('a JWT is accepted once (RFC 7523)', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig' };
    const sameJti = { [openid.modifyAssertion]: repeatJti };
    const app = await Application.of(
      world,
      { tokenEndpointAuthMethod: 'private_key_jwt', jwks: { keys: [jwk] } },
      openid.PrivateKeyJwt(privateKey, sameJti),
    );
    const tokens = await app.signIn(newVisitor(), ada);
    await refused(app.refresh(tokens.refresh_token), 'invalid_client');
  });

  test('a public client has nothing to prove but its code verifier', async () => {
    const app = await Application.of(world, { tokenEndpointAuthMethod: 'none' });
    const visitor = newVisitor();
    const attempt = await app.request();
    const consent = await enterPassword(visitor, await visitor.open(attempt.url), ada);
    const tokens = await app.redeem(attempt, await visitor.submit(consent));
    assert.equal(tokens.claims()?.sub, ada.id);
  });

  test('a wrong secret, none, or what the database keeps of the right one is refused', async () => {
    const client = await world.addClient();
    for (const auth of [
      openid.ClientSecretBasic('wrong'),
      openid.None(),
      openid.ClientSecretBasic(client.secretHash ?? ''),
    ]) {
      const config = new openid.Configuration(await metadata(), client.id, {}, auth);
      openid.allowInsecureRequests(config);
      await refused(openid.tokenIntrospection(config, 'anything'), 'invalid_client');
    }
  });

  test('a client that was disabled is refused', async () => {
    const app = await Application.of(world);
    await openid.tokenIntrospection(app.config, 'anything');
    await world.database.query('update clients set disabled_at = now() where id = $1', [
      app.client.id,
    ]);
    await assert.rejects(app.signIn(newVisitor(), ada));
  });

  async function metadata(): Promise<openid.ServerMetadata> {
    const answer = await fetch(`${world.issuer}/.well-known/openid-configuration`);
    return (await answer.json()) as openid.ServerMetadata;
  }
});

function repeatJti(_header: Record<string, unknown>, payload: Record<string, unknown>): void {
  payload.jti = 'the-same-one-each-time';
}
