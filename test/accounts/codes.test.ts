import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { removeExpiredCodes } from '../../src/accounts/codes.store.ts';
import { type CodeBinding, EmailCodes, type Redemption } from '../../src/accounts/codes.ts';
import { KnownBrowsers } from '../../src/accounts/known-browsers.ts';
import type { Database } from '../../src/database/database.ts';
import { addAccount, type Community, countingQueries, openCommunity } from './community.ts';

let community: Community;
let db: Database;
let codes: EmailCodes;

beforeAll(async () => {
  community = await openCommunity();
  db = community.db;
  codes = new EmailCodes(community.fingerprints);
});
afterAll(() => community.close());

let subjects = 0;
const binding = (): CodeBinding => {
  subjects += 1;
  return {
    purpose: 'sign-in',
    tenantId: community.tenantId,
    browser: 'browser of ann',
    subject: `sign-in ${subjects}`,
  };
};
const address = (name = `person${subjects}`) => ({
  email: `${name}@example.org`,
  emailKey: `${name}@example.org`,
});
const issue = (bound: CodeBinding, more: object = {}) =>
  codes.issueCode(db, { ...bound, ...address(), ...more });
const redeem = (bound: CodeBinding, code: string, on: Database = db): Promise<Redemption> =>
  on.transaction((tx) => codes.redeemCode(tx, { ...bound, code }));
const otherThan = (code: string) =>
  String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');
const outcomes = (results: Redemption[], outcome: Redemption['outcome']) =>
  results.filter((result) => result.outcome === outcome).length;

describe('an email code', () => {
  test('proves its address once', async () => {
    const bound = binding();
    const { code, expiresAt } = await issue(bound);
    assert.match(code, /^\d{6}$/);
    const minutes = (expiresAt.getTime() - Date.now()) / 60_000;
    assert.ok(minutes > 14 && minutes <= 15.1);
    assert.deepEqual(await redeem(bound, code), { outcome: 'ok', ...address(), accountId: null });
    assert.deepEqual(await redeem(bound, code), { outcome: 'used' });
  });

  test('may be typed with spaces and dashes', async () => {
    for (const spell of [
      (code: string) => ` ${code.slice(0, 3)} ${code.slice(3)} `,
      (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`,
      (code: string) => `${code.slice(0, 2)}–${code.slice(2)}\u00A0`,
    ]) {
      const bound = binding();
      const { code } = await issue(bound);
      assert.equal((await redeem(bound, spell(code))).outcome, 'ok');
    }
  });

  test('is longer while somebody guesses at large', async () => {
    const bound = binding();
    const { code } = await issue(bound, { digits: 8 });
    assert.match(code, /^\d{8}$/);
    assert.equal((await redeem(bound, code)).outcome, 'ok');
  });

  test('is worth nothing in another browser, tenant, purpose or sign-in', async () => {
    const bound = binding();
    const { code } = await issue(bound);
    for (const elsewhere of [
      { browser: 'browser of mallory' },
      { tenantId: community.otherTenantId },
      { tenantId: null },
      { purpose: 'recovery' as const },
      { subject: 'another sign-in' },
    ]) {
      assert.deepEqual(await redeem({ ...bound, ...elsewhere }, code), { outcome: 'none' });
    }
    assert.equal((await redeem(bound, code)).outcome, 'ok');
  });

  test('is void once another was issued for the same', async () => {
    const bound = binding();
    const first = await issue(bound);
    let second = await issue(bound);
    while (second.code === first.code) second = await issue(bound);
    assert.deepEqual(await redeem(bound, first.code), { outcome: 'wrong', triesLeft: 4 });
    assert.equal((await redeem(bound, second.code)).outcome, 'ok');
    assert.deepEqual(await redeem(bound, first.code), { outcome: 'used' });
  });

  test('may be tried five times', async () => {
    const bound = binding();
    const { code } = await issue(bound);
    for (const triesLeft of [4, 3, 2, 1, 0]) {
      assert.deepEqual(await redeem(bound, otherThan(code)), { outcome: 'wrong', triesLeft });
    }
    assert.deepEqual(await redeem(bound, code), { outcome: 'exhausted' });
  });

  test('expires', async () => {
    const bound = binding();
    const { code } = await issue(bound);
    await db.query(`update email_codes set expires_at = now() where email = $1`, [address().email]);
    assert.deepEqual(await redeem(bound, code), { outcome: 'expired' });
  });

  test('is not used up by a transaction that fails after it', async () => {
    const bound = binding();
    const { code } = await issue(bound);
    const failing = db.transaction(async (tx) => {
      assert.equal((await codes.redeemCode(tx, { ...bound, code })).outcome, 'ok');
      throw new Error('later');
    });
    await assert.rejects(failing, /later/);
    assert.equal((await redeem(bound, code)).outcome, 'ok');
  });

  test('is right for exactly one of fifty at once, over two instances', async () => {
    const bound = binding();
    const { code } = await issue(bound);
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) => redeem(bound, code, community.instances[index % 2])),
    );
    assert.equal(outcomes(results, 'ok'), 1);
    assert.equal(outcomes(results, 'ok') + outcomes(results, 'used'), 50);
  });

  test('is tried by at most five of fifty wrong ones at once', async () => {
    const bound = binding();
    const { code } = await issue(bound);
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        redeem(bound, otherThan(code), community.instances[index % 2]),
      ),
    );
    assert.equal(outcomes(results, 'wrong'), 5);
    assert.equal(outcomes(results, 'exhausted'), 45);
    assert.deepEqual(await redeem(bound, code), { outcome: 'exhausted' });
  });

  test('is stored unreadably, with neither browser nor subject', async () => {
    const bound = binding();
    const { code } = await issue(bound);
    const [row] = await db.query<{ text: string }>(
      'select email_codes::text as text from email_codes where email = $1',
      [address().email],
    );
    for (const secret of [`,${code},`, bound.browser, bound.subject]) {
      assert.ok(row && !row.text.includes(secret), secret);
    }
  });

  test('costs the same statements whether its address has an account or not', async () => {
    const { id } = await addAccount(community, { address: 'known@example.org' });
    const work = async (accountId: string | null) => {
      const counting = countingQueries(db);
      const bound = binding();
      const { code } = await codes.issueCode(counting, { ...bound, ...address(), accountId });
      await codes.redeemCode(counting, { ...bound, code: otherThan(code) });
      await codes.redeemCode(counting, { ...bound, code });
      return counting.texts;
    };
    const known = await work(id);
    assert.equal(known.length, 5);
    assert.deepEqual(await work(null), known);
  });
});

describe('the guesses of a day', () => {
  const guess = async (name: string, browser: string, accountId?: string) => {
    const bound = { ...binding(), browser };
    const { code } = await issue(bound, { ...address(name), accountId });
    return { bound, code, wrong: () => redeem(bound, otherThan(code)) };
  };

  test('are thirty per address, however many codes, browsers and communities, also at once', async () => {
    const rounds = await Promise.all(
      Array.from({ length: 8 }, (_, index) => guess('victim', `browser ${index}`)),
    );
    const results = await Promise.all(
      rounds.flatMap(({ wrong }) => Array.from({ length: 5 }, () => wrong())),
    );
    assert.equal(outcomes(results, 'wrong'), 30);
    const { bound, code } = await guess('victim', 'yet another');
    assert.deepEqual(await redeem(bound, code), { outcome: 'exhausted' });
    for (const tenantId of [community.otherTenantId, null]) {
      const elsewhere = { ...bound, subject: `in ${tenantId}`, tenantId };
      const issued = await issue(elsewhere, address('victim'));
      assert.deepEqual(await redeem(elsewhere, issued.code), { outcome: 'exhausted' });
    }
  });

  test('of strangers are not those of a browser that signed in before', async () => {
    const { id } = await addAccount(community, { address: 'owner@example.org' });
    const browsers = new KnownBrowsers(community.fingerprints);
    await browsers.rememberBrowser(db, "owner's browser", id);
    for (let round = 0; round < 6; round += 1) {
      const { wrong } = await guess('owner', `stranger ${round}`, id);
      for (let attempt = 0; attempt < 5; attempt += 1) await wrong();
    }
    const stranger = await guess('owner', 'stranger', id);
    assert.deepEqual(await redeem(stranger.bound, stranger.code), { outcome: 'exhausted' });
    const owner = await guess('owner', "owner's browser", id);
    assert.equal((await redeem(owner.bound, owner.code)).outcome, 'ok');
  });
});

describe('the next code', () => {
  test('may be sent at once where none was sent', async () => {
    assert.ok((await codes.resendAllowedAt(db, binding())) <= new Date());
  });

  test('may be sent after a delay that doubles', async () => {
    const bound = binding();
    for (const seconds of [30, 60, 120, 240]) {
      await issue(bound);
      const delay = (await codes.resendAllowedAt(db, bound)).getTime() - Date.now();
      assert.ok(Math.abs(delay / 1000 - seconds) < 5, `${delay} ms instead of ${seconds} s`);
    }
  });
});

test('codes are removed a day after they expired', async () => {
  const [old, fresh] = [binding(), binding()];
  await issue(old, address('old'));
  await issue(fresh, address('fresh'));
  await db.query(
    `update email_codes set expires_at = now() - interval '25 hours' where email = $1`,
    ['old@example.org'],
  );
  assert.equal(await removeExpiredCodes(db), 1);
  const left = await db.query(`select from email_codes where email in ($1, $2)`, [
    'old@example.org',
    'fresh@example.org',
  ]);
  assert.equal(left.length, 1);
});
