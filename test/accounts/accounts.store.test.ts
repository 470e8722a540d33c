import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
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
  signInCandidates,
  updateProfile,
} from '../../src/accounts/accounts.store.ts';
import { insertKnownBrowser } from '../../src/accounts/known-browsers.store.ts';
import type { Database } from '../../src/database/database.ts';
import { addAccount, type Community, openCommunity } from './community.ts';

let community: Community;
let db: Database;

beforeAll(async () => {
  community = await openCommunity();
  db = community.db;
});
afterAll(() => community.close());

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

describe('the accounts whose password is checked', () => {
  const emailKey = 'multi@example.org';
  let acme: string;
  let globex: string;

  beforeAll(async () => {
    const multi = (tenantId: string, handle: string) =>
      addAccount(community, { address: emailKey, tenantId, handle, passwordHash: handle });
    acme = (await multi(community.tenantId, 'multi.acme')).id;
    globex = (await multi(community.otherTenantId, 'Multi_Globex')).id;
    await recordSignIn(db, globex);
  });
  const candidates = async (by: Parameters<typeof signInCandidates>[1]) =>
    (await signInCandidates(db, by)).map(({ account }) => account.id);

  test('are all that have the address, the one used last first', async () => {
    assert.deepEqual(await candidates({ emailKey }), [globex, acme]);
    await recordSignIn(db, acme);
    assert.deepEqual(await candidates({ emailKey }), [acme, globex]);
    assert.deepEqual(
      (await accountsByEmailKey(db, emailKey)).map((account) => account.tenantSlug),
      ['acme', 'globex'],
    );
    const [first] = await signInCandidates(db, { emailKey });
    assert.equal(first?.passwordHash, 'multi.acme');
    assert.equal(first?.tenantStatus, 'active');
    assert.equal(first?.tenantSlug, 'acme');
    assert.ok(!('passwordHash' in first.account));
  });

  test('are first those that this browser signed in to, whoever was used last', async () => {
    await insertKnownBrowser(db, 'browser', globex);
    assert.deepEqual(await candidates({ emailKey, browser: 'browser' }), [globex, acme]);
    assert.deepEqual(await candidates({ emailKey, browser: 'another' }), [acme, globex]);
  });

  test('are first those that may sign in', async () => {
    await setStatus(db, acme, 'disabled');
    assert.deepEqual(await candidates({ emailKey }), [globex, acme]);
    await setStatus(db, acme, 'active');
  });

  test('are only the one of a handle, whatever its case', async () => {
    assert.deepEqual(await candidates({ handle: 'multi.acme' }), [acme]);
    assert.deepEqual(await candidates({ handle: 'multi_globex' }), [globex]);
    await db.query(`update handles set state = 'tombstoned' where handle = 'multi.acme'`);
    assert.deepEqual(await candidates({ handle: 'multi.acme' }), []);
  });

  test('are nobody for an address, a handle or nothing that nobody has', async () => {
    assert.deepEqual(await candidates({ emailKey: 'nobody@example.org' }), []);
    assert.deepEqual(await candidates({ handle: 'nobody' }), []);
    assert.deepEqual(await candidates({}), []);
  });
});
