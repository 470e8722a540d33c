import assert from 'node:assert/strict';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from './application.ts';
import { openWorld, type Person, type World } from './world.ts';

describe('claims', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  let tenant: { id: string; slug: string };
  beforeAll(async () => {
    world = await openWorld();
    tenant = await world.addTenant({ slug: 'acme', domain: 'acme.example' });
    ada = await world.addPerson({
      tenantId: tenant.id,
      handle: 'ada.l',
      email: 'Ada@Mail.example',
    });
    await world.database.query(
      `update accounts set picture = 'https://media.example/ada.png', locale = 'de',
        roles = '{editor}', groups = '{chess,go}' where id = $1`,
      [ada.id],
    );
    app = await Application.of(world);
  });
  afterAll(() => world.close());

  const profile = () => ({
    name: 'Ada Lovelace',
    picture: 'https://media.example/ada.png',
    locale: 'de',
    preferred_username: 'ada.l',
    matrix_handle: 'ada.l',
    roles: ['editor'],
    groups: ['chess', 'go'],
  });
  const email = { email: 'Ada@mail.example', email_verified: true };
  const ofTenant = () => ({ tenant_id: tenant.id, tenant_domain: 'acme.example' });
  const everything = () => ({ ...profile(), ...email, ...ofTenant() });

  async function claimsFor(scope: string, params: Record<string, string> = {}) {
    const tokens = await app.signIn(newVisitor(), ada, { scope, ...params });
    const userinfo = { ...(await app.userinfo(tokens)) } as Record<string, unknown>;
    return { tokens, idToken: { ...tokens.claims() } as Record<string, unknown>, userinfo };
  }

  test('of all scopes are in the ID token, which Synapse reads, and in userinfo', async () => {
    const { idToken, userinfo } = await claimsFor('openid profile email tenant');
    for (const claims of [idToken, userinfo]) {
      const { sub, updated_at, ...rest } = claims;
      assert.equal(sub, ada.id);
      assert.equal(typeof updated_at, 'number');
      for (const protocol of protocolClaims) delete rest[protocol];
      assert.deepEqual(rest, everything());
    }
  });

  test('come under their scope only', async () => {
    const cases = { openid: {}, 'openid profile': profile(), 'openid email': email };
    for (const [scope, expected] of Object.entries({ ...cases, 'openid tenant': ofTenant() })) {
      const { idToken, userinfo } = await claimsFor(scope);
      for (const claims of [idToken, userinfo]) {
        const present = Object.keys(claims).filter((name) => name in everything());
        assert.deepEqual(present.sort(), Object.keys(expected).sort(), scope);
      }
    }
  });

  test('never make the handle the subject, and are the same for every client', async () => {
    const other = await Application.of(world);
    const [first, second] = [
      await app.signIn(newVisitor(), ada),
      await other.signIn(newVisitor(), ada),
    ];
    assert.match(first.claims()?.sub ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(first.claims()?.sub, second.claims()?.sub);
  });

  test('tell how and when the person signed in', async () => {
    const claims = JSON.stringify({ id_token: { amr: null, acr: null, auth_time: null } });
    const { idToken } = await claimsFor('openid', { claims });
    assert.deepEqual(idToken.amr, ['pwd']);
    assert.equal(idToken.acr, 'https://refeds.org/profile/sfa');
    assert.ok(Math.abs((idToken.auth_time as number) - Date.now() / 1000) < 60);
  });

  test('can be asked for one by one, without their scope', async () => {
    const wanted = { id_token: { email: { essential: true } }, userinfo: { name: null } };
    const { idToken, userinfo } = await claimsFor('openid', { claims: JSON.stringify(wanted) });
    assert.equal(idToken.email, email.email);
    assert.equal(userinfo.name, 'Ada Lovelace');
    assert.equal(userinfo.email, undefined);
  });

  test('leave out what is not known instead of saying null', async () => {
    const bare = await world.addPerson();
    await world.database.query(
      'update accounts set email = null, email_key = null, email_verified = false where id = $1',
      [bare.id],
    );
    const tokens = await app.signIn(newVisitor(), { ...bare, email: bare.handle });
    const claims = { ...tokens.claims(), ...(await app.userinfo(tokens)) };
    assert.ok(!Object.values(claims).includes(null as never));
    assert.ok(!('email' in claims) && !('email_verified' in claims) && !('picture' in claims));
    assert.equal(claims.tenant_domain, '127.0.0.1');
  });

  test('are those of now at userinfo, whatever they were at sign-in', async () => {
    const bob = await world.addPerson({ name: 'Bob' });
    const tokens = await app.signIn(newVisitor(), bob);
    await world.database.query(`update accounts set name = 'Robert' where id = $1`, [bob.id]);
    assert.equal((await app.userinfo(tokens)).name, 'Robert');
  });

  test('are signed with RS256, or with ES256 for a client that asks', async () => {
    for (const idTokenSignedResponseAlg of ['RS256', 'ES256'] as const) {
      const client = await Application.of(world, { idTokenSignedResponseAlg });
      const tokens = await client.signIn(newVisitor(), ada);
      const header = decodeProtectedHeader(tokens.id_token ?? '');
      assert.equal(header.alg, idTokenSignedResponseAlg);
      assert.ok(header.kid);
    }
  });
});

const protocolClaims = [
  ...['iss', 'aud', 'exp', 'iat', 'nonce', 'at_hash', 'acr', 'amr', 'auth_time', 'sid'],
];
