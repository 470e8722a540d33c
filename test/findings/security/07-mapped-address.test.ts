import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { claimsOf, identityFrom } from '../../../src/federation/openid-claims.ts';
import { type Claims, stranger } from '../../federation/person.ts';
import { usePlain } from '../../federation/plain-world.ts';

const mapped = ['--claim', 'email=preferred_username'];
const { add, lastFailure, signUp, through, world } = usePlain({
  mapped,
  strict: [...mapped, '--allowed-email-domain', 'corp.example'],
  vouched: [...mapped, '--vouch-for-email'],
});

/** Whose address there is proved, and who calls themselves by somebody else's. */
const impostor = (victim: string) => stranger({ preferred_username: victim });

describe('a claim that the connection takes for the address', () => {
  test('is not proved by what the provider says of its own `email`', async () => {
    const owner = await world().addPerson();
    const { page } = await through('mapped', impostor(owner.email));
    assert.equal(page.heading, 'Your email address');
    assert.equal(page.value('email'), owner.email);
  });

  test('lets nobody in by a domain', async () => {
    const { page } = await through('strict', impostor('boss@corp.example'));
    assert.match(page.text, /doesn’t take that account/);
    assert.match(String((await lastFailure()).message), /no verified address/);
  });

  test('counts where the operator vouches for it', async () => {
    const person = impostor(`known-${stranger().email}`);
    const claims = await signUp('vouched', person, 'vouched.for');
    assert.deepEqual([claims.email, claims.email_verified], [person.preferred_username, true]);
  });
});

describe('the operator’s word for it', () => {
  const cli = (...args: string[]) =>
    world().service.cli<{ claims: Claims }>('connections', ...args);
  const claimsAfter = async (...options: string[]) =>
    (await cli('set', 'turncoat', ...options)).claims;

  test('is about one claim, and can be taken back', async () => {
    await add('turncoat', ...mapped, '--vouch-for-email');
    assert.deepEqual(await claimsAfter('--claim', 'email=upn'), { email: 'upn' });
    const vouched = { email: 'upn', emailVouched: true };
    assert.deepEqual(await claimsAfter('--vouch-for-email'), vouched);
    assert.deepEqual(await claimsAfter('--no-vouch-for-email'), { email: 'upn' });
  });

  test('is refused where there is nothing to vouch for', async () => {
    for (const claim of ['name=full', 'email=email']) {
      const added = add('nothing', '--claim', claim, '--vouch-for-email');
      await assert.rejects(added, /vouch_invalid/);
    }
  });

  test('stands in the audit', async () => {
    await add('audited', ...mapped, '--vouch-for-email');
    const [row] = await world().database.query<{ detail: Claims }>(
      `select detail from audit where action = 'connection.created' and target = 'audited'`,
    );
    assert.deepEqual(row?.detail, { emailVouched: true });
  });
});

test('`email_verified` counts for the address that it was said of, be both in two places', () => {
  const rules = { id: 'acme', issuer: 'https://sso.acme.example', claims: {} };
  const open = { ...rules, allowedGroups: [], allowedEmailDomains: [] };
  const proved = (idToken: Claims, userinfo: Claims) =>
    identityFrom(open, claimsOf({ sub: 'u1', ...idToken }, { sub: 'u1', ...userinfo }))
      .emailVerified;
  const [a, b, verified] = [{ email: 'a@x.example' }, { email: 'b@x.example' }, true];
  assert.equal(proved(a, { ...b, email_verified: verified }), false);
  assert.equal(proved(a, { ...a, email_verified: verified }), true);
  assert.equal(proved({}, { ...b, email_verified: verified }), true);
  assert.equal(proved({ ...a, email_verified: verified }, b), true);
  assert.equal(proved({ email_verified: verified }, { ...b, email_verified: false }), false);
});
