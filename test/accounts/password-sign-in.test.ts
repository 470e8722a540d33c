import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { accountById, setStatus } from '../../src/accounts/accounts.store.ts';
import { parseIdentifier } from '../../src/accounts/identifier.ts';
import { PasswordHasher } from '../../src/accounts/password-hasher.ts';
import { signInByPassword } from '../../src/accounts/password-sign-in.ts';
import { addAccount, type Community, countingQueries, openCommunity } from './community.ts';

const settings = { memoryKiB: 64, iterations: 1, parallelism: 1, concurrency: 2 };
const password = 'vexed otter lantern';
const hasher = new PasswordHasher(settings);
let community: Community;
let annId: string;

beforeAll(async () => {
  community = await openCommunity();
  const passwordHash = await hasher.hash(password);
  annId = (await addAccount(community, { address: 'ann@example.org', handle: 'ann', passwordHash }))
    .id;
  await addAccount(community, { address: 'codes-only@example.org', handle: 'codes.only' });
  for (const tenantId of [community.tenantId, community.otherTenantId]) {
    await addAccount(community, { address: 'both@example.org', tenantId, passwordHash });
  }
});
afterAll(() => community.close());

async function attempt(
  typed: string,
  { word = password, tenantId = community.tenantId as string | null, by = hasher } = {},
) {
  const db = countingQueries(community.db);
  const before = by.hashes;
  const identifier = parseIdentifier(typed) ?? {};
  const result = await signInByPassword(
    { db, hasher: by, fingerprints: community.fingerprints },
    { tenantId, identifier, password: word, browser: 'browser' },
  );
  return { ...result, queries: db.texts, hashes: by.hashes - before };
}

describe('signing in by password', () => {
  test('takes the address or the handle, in any way of writing', async () => {
    for (const typed of ['ann@example.org', 'ANN@example.ORG', 'ann', '@Ann:matrix.example']) {
      const { outcome } = await attempt(typed);
      assert.equal(outcome, 'ok', typed);
    }
  });

  test('fails by the same work for known, unknown, disabled and passwordless accounts', async () => {
    const failures = [
      await attempt('ann@example.org', { word: 'wrong' }),
      await attempt('ann', { word: 'wrong' }),
      await attempt('nobody@example.org'),
      await attempt('nobody'),
      await attempt('codes-only@example.org'),
      await attempt('both@example.org', { word: 'wrong', tenantId: null }),
      await attempt('ann', { tenantId: community.otherTenantId }),
    ];
    await setStatus(community.db, annId, 'disabled');
    failures.push(await attempt('ann', { word: 'wrong' }));
    await setStatus(community.db, annId, 'active');
    const [first, ...others] = failures;
    assert.ok(first);
    assert.equal(first.outcome, 'wrong');
    assert.equal(first.hashes, 1);
    assert.equal(first.queries.length, 1);
    for (const failure of others) assert.deepEqual(failure, first);
  });

  test('tells only whoever knows the password that the account is disabled', async () => {
    await setStatus(community.db, annId, 'disabled');
    assert.equal((await attempt('ann')).outcome, 'disabled');
    await setStatus(community.db, annId, 'active');
    await community.db.query(`update tenants set status = 'suspended' where id = $1`, [
      community.tenantId,
    ]);
    assert.equal((await attempt('ann')).outcome, 'disabled');
    await community.db.query(`update tenants set status = 'active'`);
  });

  test('raises a weaker hash to the parameters of today, once', async () => {
    const stronger = new PasswordHasher({ ...settings, iterations: 2 });
    const raised = await attempt('ann', { by: stronger });
    assert.equal(raised.outcome, 'ok');
    assert.equal(raised.hashes, 2);
    assert.equal((await attempt('ann', { by: stronger })).hashes, 1);
    assert.equal((await accountById(community.db, annId))?.hasPassword, true);
  });
});
