import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openWorld, type World } from '../../oidc/world.ts';

describe('an assertion by which a client signs in (private_key_jwt)', () => {
  let world: World;
  let prove: (claims: JWTPayload) => Promise<number>;
  beforeAll(async () => {
    world = await openWorld();
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const { id } = await world.addClient({
      tokenEndpointAuthMethod: 'private_key_jwt',
      jwks: { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig' }] },
    });
    prove = async (claims) => {
      const assertion = await new SignJWT({ iss: id, sub: id, jti: randomUUID(), ...claims })
        .setProtectedHeader({ alg: 'ES256' })
        .sign(privateKey);
      const answer = await fetch(`${world.issuer}/introspection`, {
        method: 'POST',
        body: new URLSearchParams({
          token: 'anything',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        }),
      });
      return answer.status;
    };
  });
  afterAll(() => world.close());

  const soon = () => Math.floor(Date.now() / 1000) + 60;

  test('is for the issuer', async () => {
    assert.equal(await prove({ aud: world.issuer, exp: soon() }), 200);
  });

  test('is for nothing else, and for nothing beside it', async () => {
    const { issuer } = world;
    for (const aud of [
      `${issuer}/token`,
      `${issuer}/introspection`,
      `${issuer}/`,
      issuer.toUpperCase(),
      [issuer],
      [issuer, `${issuer}/token`],
      [issuer, 'https://other.example'],
      undefined,
    ]) {
      assert.equal(await prove({ aud, exp: soon() }), 401, JSON.stringify(aud));
    }
  });

  test('lasts a day at most, as it is remembered until it expires', async () => {
    const day = 24 * 3600;
    assert.equal(await prove({ aud: world.issuer, exp: soon() + day - 120 }), 200);
    for (const exp of [soon() + day, 1e15, Number.MAX_VALUE]) {
      assert.equal(await prove({ aud: world.issuer, exp }), 401, `${exp}`);
    }
  });
});
