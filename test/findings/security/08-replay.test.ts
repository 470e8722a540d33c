import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../../oidc/application.ts';
import { furnish, type Person, type World } from '../../oidc/world.ts';
import { startInstances } from '../../support/service.ts';

const times = 20;

describe('of twenty requests at once, over two instances, one counts', () => {
  let world: World;
  let ada: Person;
  beforeAll(async () => {
    world = await furnish(await startInstances(2));
    ada = await world.addPerson();
  });
  afterAll(() => world.close());

  /** What the answers were, and how often each. */
  async function atOnce(request: () => Promise<string>): Promise<Map<string, number>> {
    const answers = await Promise.all(Array.from({ length: times }, request));
    return new Map(
      [...new Set(answers)].map((it) => [it, answers.filter((other) => other === it).length]),
    );
  }

  async function addSigner() {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const client = await world.addClient({
      tokenEndpointAuthMethod: 'private_key_jwt',
      jwks: { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig' }] },
    });
    const sign = (jti: string = randomUUID()) =>
      new SignJWT({ jti, iss: client.id, sub: client.id, aud: world.issuer })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(privateKey);
    return sign;
  }

  async function introspect(assertion: string): Promise<string> {
    const body = new URLSearchParams({
      token: 'anything',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    });
    const answer = await fetch(`${world.issuer}/introspection`, { method: 'POST', body });
    const { error = 'accepted' } = (await answer.json()) as { error?: string };
    return error;
  }

  test('with one client assertion', async () => {
    const sign = await addSigner();
    for (let round = 0; round < 5; round++) {
      const assertion = await sign();
      const answers = await atOnce(() => introspect(assertion));
      assert.deepEqual([...answers].sort(), [
        ['accepted', 1],
        ['invalid_client', times - 1],
      ]);
    }
  });

  test('while each of twenty assertions counts, and one id serves two clients', async () => {
    const [one, other] = [await addSigner(), await addSigner()];
    const fresh = await atOnce(async () => introspect(await one()));
    assert.deepEqual([...fresh], [['accepted', times]]);
    const jti = randomUUID();
    assert.equal(await introspect(await one(jti)), 'accepted');
    assert.equal(await introspect(await other(jti)), 'accepted');
    assert.equal(await introspect(await one(jti)), 'invalid_client');
  });

  test('with one pushed authorization request', async () => {
    const app = await Application.of(world);
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    const { url } = await app.request();
    const basic = Buffer.from(`${app.client.id}:${app.client.secret}`).toString('base64');
    const pushed = await fetch(`${world.issuer}/par`, {
      ...{ method: 'POST', body: url.searchParams, headers: { authorization: `Basic ${basic}` } },
    });
    const { request_uri } = (await pushed.json()) as { request_uri: string };
    const short = new URL(`${world.issuer}/auth`);
    short.search = new URLSearchParams({ client_id: app.client.id, request_uri }).toString();
    const answers = await atOnce(async () => {
      const page = await visitor.fetch(short);
      const location = page.headers.location && new URL(String(page.headers.location));
      if (!location) return `${page.status}`;
      return location.searchParams.get('error') ?? 'code';
    });
    assert.equal(answers.get('code'), 1, JSON.stringify([...answers]));
    answers.delete('code');
    for (const answer of answers.keys()) assert.match(answer, /^(invalid_request_uri|400)$/);
  });
});
