import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { identityFrom } from '../../src/federation/openid-claims.ts';

const rules = {
  id: 'acme',
  issuer: 'https://sso.acme.example',
  claims: {},
  allowedGroups: [],
  allowedEmailDomains: [],
};
const tid = '9188040d-6c67-4c5b-b112-36a304b66dad';
const entra = { ...rules, issuer: `https://login.microsoftonline.com/${tid}/v2.0` };

describe('the claims of a provider', () => {
  test('say who somebody is', () => {
    const identity = identityFrom(rules, {
      sub: 'u1',
      email: 'ada@acme.example',
      email_verified: true,
      name: 'Ada',
      preferred_username: 'ada@acme.example',
      groups: ['staff', 7],
      sid: 's1',
    });
    assert.deepEqual(
      { ...identity },
      {
        connection: 'acme',
        issuer: rules.issuer,
        subject: 'u1',
        email: 'ada@acme.example',
        emailVerified: true,
        name: 'Ada',
        picture: undefined,
        locale: undefined,
        handleHint: 'ada',
        sid: 's1',
      },
    );
  });

  test('are read where the connection says, also inside others and with dots in their names', () => {
    const claims = { groups: 'realm_access.roles', name: 'https://acme.example/name' };
    const said = (...roles: unknown[]) => ({
      ...{ sub: 'u1', realm_access: { roles }, 'https://acme.example/name': 'Ada' },
    });
    const strict = { ...rules, claims, allowedGroups: ['a'] };
    assert.equal(identityFrom(strict, said('b', 7, 'a')).name, 'Ada');
    assert.throws(() => identityFrom(strict, said('b', ['a'])), { code: 'upstream_refused' });
  });

  test('are not taken from what every object has', () => {
    const claims = { name: 'constructor.name', email: '__proto__' };
    const identity = identityFrom({ ...rules, claims }, { sub: 'u1' });
    assert.equal(identity.name, undefined);
    assert.equal(identity.email, undefined);
  });

  test('without a subject are nobody’s', () => {
    for (const sub of [undefined, '', 7, 'x'.repeat(256)]) {
      assert.throws(() => identityFrom(rules, { sub }), { code: 'upstream_failed' });
    }
  });

  test('vouch for an address only when they say so', () => {
    for (const email_verified of [undefined, false, 'false', 1, 'yes']) {
      const claims = { sub: 'u1', email: 'ada@acme.example', email_verified };
      assert.equal(identityFrom(rules, claims).emailVerified, false);
    }
  });
});

describe('Entra', () => {
  const claims = { sub: 'pairwise', tid, oid: 'o1', email: 'a@acme.example', email_verified: true };

  test('is known by directory and object, and its addresses prove nothing', () => {
    const identity = identityFrom(entra, claims);
    assert.equal(identity.subject, `${tid}/o1`);
    assert.equal(identity.emailVerified, false);
  });

  test('is refused for people of another directory, or without their ids', () => {
    for (const wrong of [{ tid: 'another' }, { tid: '' }, { oid: undefined }]) {
      assert.throws(() => identityFrom(entra, { ...claims, ...wrong }), {
        code: 'upstream_failed',
      });
    }
  });
});
