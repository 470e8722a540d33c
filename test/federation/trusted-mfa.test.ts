import assert from 'node:assert/strict';
import { beforeAll, describe, test } from 'vitest';
import { newVisitor } from '../oidc/application.ts';
import { usePlain } from './plain-world.ts';

const mfa = 'https://refeds.org/profile/mfa';

describe('more than one factor that another provider has asked for', { timeout: 120_000 }, () => {
  const plain = usePlain({ believed: ['--trust-mfa'], plain: [] });
  let people = 0;
  beforeAll(() => {
    plain.provider().userinfo = () => plain.provider().person;
  });

  const newcomer = () => {
    people += 1;
    const sub = `person-${people}`;
    return { sub, name: 'Ada', email: `${sub}@acme.example`, email_verified: true };
  };

  /** Signs somebody in whose account there is, and says what the audit knows of it. */
  async function methodOf(way: string, person: ReturnType<typeof newcomer>) {
    await plain.through(way, person, newVisitor());
    const [row] = await plain.world().database.query<{ method: string }>(
      `select detail->>'method' as method from audit where action = 'account.signed_in'
        order by id desc limit 1`,
    );
    return row?.method;
  }

  test('counts where the operator believes it, and only what its ID token says', async () => {
    const person = newcomer();
    await plain.signUp('believed', person, 'believed-ada');
    assert.equal(await methodOf('believed', person), 'fed');
    plain.provider().tamper = (claims) => {
      claims.amr = ['pwd', 'mfa'];
    };
    assert.equal(await methodOf('believed', person), 'fed_mfa');
    plain.provider().tamper = (claims) => {
      claims.acr = mfa;
    };
    assert.equal(await methodOf('believed', person), 'fed_mfa');
    plain.provider().tamper = (claims) => {
      claims.amr = undefined;
    };
    const atUserinfo = { ...person, amr: ['mfa'] };
    assert.equal(await methodOf('believed', atUserinfo), 'fed');
  });

  test('is one step of anybody else', async () => {
    const person = newcomer();
    await plain.signUp('plain', person, 'plain-ada');
    plain.provider().tamper = (claims) => {
      claims.amr = ['mfa'];
      claims.acr = mfa;
    };
    assert.equal(await methodOf('plain', person), 'fed');
  });

  test('is enough for a community that wants two steps of everybody', async () => {
    const person = newcomer();
    await plain.signUp('believed', person, 'enough-ada');
    const { database } = plain.world();
    await database.query('update tenants set mfa_required_from = now()');
    const asked = await plain.through('believed', person, newVisitor());
    assert.equal(asked.page.heading, 'Set up two-step verification');
    plain.provider().tamper = (claims) => {
      claims.amr = ['mfa'];
    };
    const { page } = await plain.through('believed', person, newVisitor());
    assert.ok(page.url.searchParams.get('code'));
    await database.query('update tenants set mfa_required_from = null');
  });
});
