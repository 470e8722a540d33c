import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';

const profile = ['name', 'picture', 'locale', 'updated_at', 'preferred_username'];
const ours = ['matrix_handle', 'roles', 'groups'];
const email = ['email', 'email_verified'];
/** Claims that say nothing of a person beyond `sub`. */
const protocol = /^(iss|sub|aud|exp|iat|nonce|at_hash|sid|auth_time|acr|amr)$/;

/** By the modules of the suite: what a request asks for, and the claims that it gives. */
const modules: Record<string, { scope: string; claims: string[] }> = {
  'oidcc-scope-profile': { scope: 'openid profile', claims: [...profile, ...ours] },
  'oidcc-scope-email': { scope: 'openid email', claims: email },
  'oidcc-scope-all': { scope: 'openid profile email', claims: [...profile, ...ours, ...email] },
};

describe('the claims of scopes', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    [app, ada] = await Promise.all([Application.of(world), world.addPerson()]);
    await world.database.query(
      `update accounts set picture = 'https://media.example/a.png', locale = 'en' where id = $1`,
      [ada.id],
    );
  });
  afterAll(() => world.close());

  for (const [module, { scope, claims }] of Object.entries(modules)) {
    test(`are in userinfo, and on purpose in the ID token too: ${module}`, async () => {
      const tokens = await app.signIn(newVisitor(), ada, { scope });
      for (const answer of [tokens.claims() ?? {}, await app.userinfo(tokens)]) {
        const told = Object.keys(answer).filter((claim) => !protocol.test(claim));
        assert.deepEqual(told.sort(), [...claims].sort());
      }
    });
  }

  test('are in the ID token only for scopes: what is asked of userinfo stays there', async () => {
    const claims = JSON.stringify({ userinfo: { email: null } });
    const tokens = await app.signIn(newVisitor(), ada, { scope: 'openid', claims });
    assert.ok(!('email' in (tokens.claims() ?? {})));
    assert.equal((await app.userinfo(tokens)).email, ada.email);
  });
});
