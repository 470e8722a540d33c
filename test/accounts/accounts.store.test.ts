import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  accountByEmail,
  accountById,
  accountsByEmailKey,
  eraseAccount,
  insertAccount,
  recordSignIn,
  setEmail,
  setPasswordHash,
  setPlatformIdentity,
  setStatus,
  signInCandidate,
  updateProfile,
} from '../../src/accounts/accounts.store.ts';
import type { Database } from '../../src/database/database.ts';
import { addAccount, type Community, openCommunity } from './community.ts';

let community: Community;
let db: Database;

before(async () => {
  community = await openCommunity();
  db = community.db;
});
after(() => community.close());

describe('an account', () => {
  test('is found by its id and its address, with its handle', async () => {
    const { id, tenantId } = await addAccount(community, {
      address: 'Ann@example.org',
      handle: 'ann',
    });
    const account = await accountById(db, id);
    assert.ok(account);
    assert.equal(account.email, 'Ann@example.org');
    assert.equal(account.handle, 'ann');
    assert.equal(account.hasPassword, false);
    assert.ok(account.createdAt instanceof Date);
    assert.ok(!('passwordHash' in account));
    assert.deepEqual(await accountByEmail(db, tenantId, 'ann@example.org'), account);
    assert.equal(await accountByEmail(db, community.otherTenantId, 'ann@example.org'), undefined);
    assert.equal(await accountById(db, randomUUID()), undefined);
    assert.equal(await accountById(db, 'matrix_synapse'), undefined);
  });

  test('is made once per address and tenant, of fifty tries at once', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        (community.instances[index % 2] as Database).transaction((tx) =>
          insertAccount(tx, {
            tenantId: community.tenantId,
            name: 'Race',
            email: 'race@example.org',
            emailKey: 'race@example.org',
            emailVerified: true,
          }),
        ),
      ),
    );
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const result of results) {
      if (result.status === 'rejected') assert.equal(result.reason.code, 'email_taken');
    }
    const elsewhere = { address: 'race@example.org', tenantId: community.otherTenantId };
    await assert.doesNotReject(addAccount(community, elsewhere));
  });

  test('with an address that nobody proved keeps nobody from it', async () => {
    const squatter = await addAccount(community, {
      address: 'victim@example.org',
      emailVerified: false,
    });
    assert.equal(squatter.emailKey, null);
    assert.equal(await accountByEmail(db, community.tenantId, 'victim@example.org'), undefined);
    const owner = await addAccount(community, { address: 'victim@example.org' });
    assert.equal((await accountsByEmailKey(db, 'victim@example.org'))[0]?.id, owner.id);
  });

  test('changes only what is given of its profile', async () => {
    const { id } = await addAccount(community, { address: 'bea@example.org', locale: 'de' });
    await updateProfile(db, id, { name: 'Bea', picture: '/bea.png' });
    await updateProfile(db, id, { locale: null });
    const { name, picture, locale } = (await accountById(db, id)) ?? {};
    assert.deepEqual({ name, picture, locale }, { name: 'Bea', picture: '/bea.png', locale: null });
  });

  test('takes no address that another one of its tenant has', async () => {
    await addAccount(community, { address: 'cleo@example.org' });
    const { id } = await addAccount(community, { address: 'dora@example.org' });
    const address = { email: 'cleo@example.org', emailKey: 'cleo@example.org' };
    await assert.rejects(setEmail(db, id, address), { code: 'email_taken', status: 409 });
  });

  test('has a platform identity of its own in its tenant', async () => {
    const [one, two] = [
      await addAccount(community, { address: 'p1@example.org' }),
      await addAccount(community, { address: 'p2@example.org' }),
    ];
    const identify = (accountId: string, platformUserId: string, platformSlug: string) =>
      setPlatformIdentity(db, {
        tenantId: community.tenantId,
        accountId,
        platformUserId,
        platformSlug,
      });
    await identify(one.id, '17', 'ada');
    await assert.rejects(identify(two.id, '17', 'bob'), { code: 'platform_user_taken' });
    await assert.rejects(identify(two.id, '18', 'ada'), { code: 'platform_slug_taken' });
    const stranger = await addAccount(community, {
      address: 'p1@example.org',
      tenantId: community.otherTenantId,
    });
    await assert.rejects(identify(stranger.id, '19', 'eve'), { code: 'account_not_found' });
  });

  test('keeps nothing of the person once it is erased, and its address is free', async () => {
    const { id } = await addAccount(community, { address: 'gone@example.org', name: 'Gone' });
    await setPasswordHash(db, id, 'hash');
    assert.equal(await eraseAccount(db, id), true);
    assert.equal(await eraseAccount(db, id), false);
    const [row] = await db.query<{ text: string }>(
      'select accounts::text as text from accounts where id = $1',
      [id],
    );
    assert.doesNotMatch(row?.text ?? '', /gone|hash/i);
    assert.equal((await accountById(db, id))?.status, 'deleted');
    await setStatus(db, id, 'active');
    assert.equal((await accountById(db, id))?.status, 'deleted');
    await assert.doesNotReject(addAccount(community, { address: 'gone@example.org' }));
  });
});

describe('the account whose password is checked', () => {
  const emailKey = 'multi@example.org';
  let acme: string;
  let globex: string;

  before(async () => {
    const multi = (tenantId: string, handle: string) =>
      addAccount(community, { address: emailKey, tenantId, handle, passwordHash: handle });
    acme = (await multi(community.tenantId, 'multi.acme')).id;
    globex = (await multi(community.otherTenantId, 'Multi_Globex')).id;
    await recordSignIn(db, globex);
  });
  const candidate = async (by: Parameters<typeof signInCandidate>[1]) =>
    (await signInCandidate(db, by))?.account.id;

  test('is that of the address in the tenant of the sign-in', async () => {
    const found = await signInCandidate(db, { tenantId: community.tenantId, emailKey });
    assert.equal(found?.account.id, acme);
    assert.equal(found?.passwordHash, 'multi.acme');
    assert.equal(found?.tenantStatus, 'active');
    assert.equal(found?.tenantSlug, 'acme');
    assert.ok(!('passwordHash' in found.account));
  });

  test('is the one used last where the tenant is open', async () => {
    assert.equal(await candidate({ emailKey }), globex);
    await recordSignIn(db, acme);
    assert.equal(await candidate({ emailKey }), acme);
    assert.deepEqual(
      (await accountsByEmailKey(db, emailKey)).map((account) => account.tenantSlug),
      ['acme', 'globex'],
    );
  });

  test('is one that may sign in before one that may not', async () => {
    await setStatus(db, acme, 'disabled');
    assert.equal(await candidate({ emailKey }), globex);
    assert.equal(await candidate({ emailKey, tenantId: community.tenantId }), acme);
    await setStatus(db, acme, 'active');
  });

  test('is that of the handle, whatever its case, but never in another tenant', async () => {
    assert.equal(await candidate({ handle: 'multi.acme' }), acme);
    assert.equal(await candidate({ handle: 'multi_globex' }), globex);
    assert.equal(await candidate({ handle: 'multi.acme', tenantId: community.tenantId }), acme);
    const walled = { handle: 'multi.acme', tenantId: community.otherTenantId };
    assert.equal(await candidate(walled), undefined);
    await db.query(`update handles set state = 'tombstoned' where handle = 'multi.acme'`);
    assert.equal(await candidate({ handle: 'multi.acme' }), undefined);
  });

  test('is nobody for an address, a handle or nothing that nobody has', async () => {
    assert.equal(await candidate({ emailKey: 'nobody@example.org' }), undefined);
    assert.equal(await candidate({ handle: 'nobody' }), undefined);
    assert.equal(await candidate({}), undefined);
  });
});
