import assert from 'node:assert/strict';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { Application, newVisitor } from '../oidc/application.ts';
import { furnish, type World } from '../oidc/world.ts';
import { prepareService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { Company } from './company.ts';
import { type Claims, stranger } from './person.ts';
import { PlainProvider, plainClient } from './plain-provider.ts';

describe('two providers of a tenant that have nothing in common', () => {
  let company: Company;
  let plain: PlainProvider;
  let world: World;
  let app: Application;

  beforeAll(async () => {
    const prepared = await prepareService({ env: { UPSTREAM_ALLOWED_NETWORKS: '127.0.0.1/32' } });
    plain = await PlainProvider.start({ path: '/realms/one' });
    company = await Company.start({
      client_id: 'openmeet',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks_uri: `${prepared.url}/oauth/jwks.json`,
      redirect_uris: [`${prepared.url}/callback/signed`],
    });
    world = await furnish(await prepared.start());
    const tenant = await world.addTenant();
    app = await Application.of(world, { tenantIds: [tenant.id] });
    const add = (id: string, name: string, issuer: string, ...options: string[]) =>
      world.service.cli<{ jwksUri: string | null }>(
        ...['connections', 'add', '--tenant', tenant.slug, '--id', id, '--name', name],
        ...['--issuer', issuer, ...options],
      );
    const { jwksUri } = await add(
      ...(['signed', 'Signed', company.url] as const),
      ...['--client-id', 'openmeet', '--auth-method', 'private_key_jwt'],
    );
    assert.equal(jwksUri, `${world.url}/oauth/jwks.json`);
    await add(
      ...(['plain', 'Plain', plain.issuer] as const),
      ...['--client-id', plainClient.id, '--auth-method', 'client_secret_post'],
      ...['--secret', plainClient.secret, '--claim', 'name=full', '--claim', 'handle=nick'],
    );
  });
  afterAll(async () => {
    await world?.close();
    await Promise.all([company?.stop(), plain?.stop()]);
  });
  beforeEach(() => {
    plain.tamper = () => {};
    plain.forge = (idToken) => idToken;
  });

  async function through(way: 'Signed' | 'Plain', person: Claims) {
    const visitor = newVisitor();
    const attempt = await app.request();
    const page = await visitor.open(attempt.url);
    (way === 'Signed' ? company : plain).person = person;
    return { visitor, attempt, page: await visitor.click(page, way) };
  }

  async function signUp(way: 'Signed' | 'Plain', person: Claims, handle: string) {
    const { visitor, attempt, page } = await through(way, person);
    const back = await visitor.submit(page, { name: 'Grace', handle }, { button: 'Continue' });
    return (await app.redeem(attempt, back)).claims()?.sub;
  }

  async function signIn(way: 'Signed' | 'Plain', person: Claims) {
    const { attempt, page } = await through(way, person);
    return (await app.redeem(attempt, page)).claims()?.sub;
  }

  async function published(): Promise<{ kid: string; d?: string }[]> {
    const answer = await fetch(`${world.url}/oauth/jwks.json`);
    assert.equal(answer.status, 200);
    return ((await answer.json()) as { keys: { kid: string }[] }).keys;
  }

  test('our keys prove us to one, before and after its keys and ours are rotated', async () => {
    const person = stranger();
    const sub = await signUp('Signed', person, 'signed.in');
    const [before] = await published();
    assert.ok(before && !('d' in before), 'only the public half');
    await world.service.cli('keys', 'rotate', '--now', '0');
    const [now, former] = await published();
    assert.notEqual(now?.kid, before.kid);
    assert.equal(former?.kid, before.kid);
    await company.rotateKeys();
    assert.equal(await signIn('Signed', person), sub);
  });

  test('without them nobody is let in', async () => {
    await world.database.query(`update connections set token_endpoint_auth_method = 'none',
      updated_at = now() where id = 'signed'`);
    const failed = async () => (await through('Signed', stranger())).page;
    await until(async () => /didn’t work/.test((await failed()).text), { what: 'the change' });
    await world.database.query(`update connections set token_endpoint_auth_method =
      'private_key_jwt', updated_at = now() where id = 'signed'`);
  });

  test('the other may change its keys, and their kind, at any time', async () => {
    const person = stranger({ full: 'Grace B. Hopper', nick: 'grace' });
    const { page } = await through('Plain', person);
    assert.deepEqual([page.value('name'), page.value('handle')], ['Grace B. Hopper', 'grace']);
    const sub = await signUp('Plain', person, 'plain.person');
    for (const alg of ['ES256', 'RS256', 'PS384', 'EdDSA']) {
      await plain.rotateKeys(alg);
      assert.equal(await signIn('Plain', person), sub, alg);
    }
  });

  test('and is not believed with a wrong audience, issuer, nonce or date', async () => {
    const spoilt: Record<string, (claims: Claims) => void> = {
      audience: (claims) => Object.assign(claims, { aud: 'somebody-else' }),
      'second audience': (claims) =>
        Object.assign(claims, { aud: [plainClient.id, 'x'], azp: 'x' }),
      issuer: (claims) => Object.assign(claims, { iss: company.url }),
      nonce: (claims) => Object.assign(claims, { nonce: 'another' }),
      'no nonce': (claims) => Object.assign(claims, { nonce: undefined }),
      date: (claims) => Object.assign(claims, { exp: 1_700_000_000 }),
      'no subject': (claims) => Object.assign(claims, { sub: '' }),
    };
    for (const [what, tamper] of Object.entries(spoilt)) {
      plain.tamper = tamper;
      const { page } = await through('Plain', stranger());
      assert.match(page.text, /Signing in with Plain didn’t work/, what);
    }
  });

  test('nor without a signature of its own', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claimsOf = (token: string) =>
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const impostor = await generateKeyPair('EdDSA');
    const forgeries: Record<string, PlainProvider['forge']> = {
      none: (token) => `${part({ alg: 'none' })}.${token.split('.')[1]}.`,
      changed: (token) => {
        const [header, , signature] = token.split('.');
        return `${header}.${part({ ...claimsOf(token), sub: 'somebody-else' })}.${signature}`;
      },
      'another key': (token, { kid }) =>
        new SignJWT(claimsOf(token))
          .setProtectedHeader({ alg: 'EdDSA', kid })
          .sign(impostor.privateKey),
      'the public key as a secret': (token, key) =>
        new SignJWT(claimsOf(token))
          .setProtectedHeader({ alg: 'HS256', kid: key.kid })
          .sign(Buffer.from(JSON.stringify(key))),
      'a key that it brings along': async (token) =>
        new SignJWT(claimsOf(token))
          .setProtectedHeader({ alg: 'EdDSA', jwk: await exportJWK(impostor.publicKey) })
          .sign(impostor.privateKey),
    };
    await plain.rotateKeys('EdDSA');
    for (const [what, forge] of Object.entries(forgeries)) {
      plain.forge = forge;
      const { page } = await through('Plain', stranger());
      assert.match(page.text, /Signing in with Plain didn’t work/, what);
    }
    plain.forge = (idToken) => idToken;
    assert.match((await through('Plain', stranger())).page.url.pathname, /\/(email|profile)$/);
  });

  test('an answer of one is not taken for the other’s (mix-up)', async () => {
    const visitor = newVisitor();
    const page = await visitor.open((await app.request()).url);
    plain.person = stranger();
    const leaving = await visitor.fetch(page.link('Plain'));
    const answer = await visitor.fetch(String(leaving.headers.location));
    const callback = new URL(String(answer.headers.location));
    const elsewhere = new URL(callback);
    elsewhere.pathname = '/callback/signed';
    assert.equal((await visitor.open(elsewhere)).status, 400);
    // One that names another issuer than was asked is refused, whatever its state (RFC 9207).
    callback.searchParams.set('iss', company.url);
    assert.match((await visitor.open(callback)).text, /didn’t work/);
  });

  test('a code of somebody else’s sign-in is worth nothing in one’s own', async () => {
    const callbackOf = async (visitor = newVisitor()) => {
      const page = await visitor.open((await app.request()).url);
      plain.person = stranger();
      const leaving = await visitor.fetch(page.link('Plain'));
      const answer = await visitor.fetch(String(leaving.headers.location));
      return { visitor, url: new URL(String(answer.headers.location)) };
    };
    const [victim, attacker] = [await callbackOf(), await callbackOf()];
    attacker.url.searchParams.set('code', victim.url.searchParams.get('code') ?? '');
    assert.match((await attacker.visitor.open(attacker.url)).text, /didn’t work/);
    const replayed = await attacker.visitor.open(attacker.url);
    assert.equal(replayed.status, 400, 'the state is used up');
  });
});
