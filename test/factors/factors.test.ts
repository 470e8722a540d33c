import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import type { Account } from '../../src/accounts/account.ts';
import { KnownBrowsers } from '../../src/accounts/known-browsers.ts';
import { changePassword, deleteAccount, type Outside } from '../../src/accounts/lifecycle.ts';
import { SignInLimits } from '../../src/accounts/sign-in-limits.ts';
import type { Database, Transaction } from '../../src/database/database.ts';
import { factorsOf } from '../../src/factors/factors.store.ts';
import { makeRecoveryCodes, useRecoveryCode } from '../../src/factors/recovery-codes.ts';
import { RememberedBrowsers } from '../../src/factors/remembered-browsers.ts';
import { reencryptTotp } from '../../src/factors/totp.store.ts';
import {
  beginTotp,
  confirmTotp,
  pendingTotp,
  removeTotp,
  useTotp,
} from '../../src/factors/totp.ts';
import { insertIdentity } from '../../src/federation/identities.store.ts';
import { RateLimits } from '../../src/http/rate-limits.ts';
import { KeyRing } from '../../src/secrets/keyring.ts';
import { mailSchemas } from '../../views/mail-registry.ts';
import { addAccount, type Community, openCommunity } from '../accounts/community.ts';
import { codeAfter, codeOf } from './app.ts';

const oldKey = randomBytes(32);
const ring = new KeyRing([oldKey]);

let community: Community;
let db: Database;
let other: Database;
let browsers: RememberedBrowsers;
let account: Account;
let people = 0;

type Told = Parameters<Outside['queueMail']>[1];
let told: Told[] = [];
const outside: Outside = {
  accountUrl: 'https://id.example.org/account',
  endSessions: async () => {},
  queueMail: async (_tx, mail) => {
    told.push(mail);
    return true;
  },
};

beforeAll(async () => {
  community = await openCommunity();
  [db, other] = community.instances;
  browsers = new RememberedBrowsers(community.fingerprints);
});
afterAll(() => community.close());

beforeEach(async () => {
  people += 1;
  account = await addAccount(community, { address: `person${people}@example.org` });
  told = [];
});

const inTransaction = <T>(work: (tx: Transaction) => Promise<T>) => db.transaction(work);
const names = { issuer: 'Acme', label: 'person@example.org' };

const place = () => ({ accountId: account.id, begunBy: 'session' });

async function begin(): Promise<string> {
  await inTransaction((tx) => beginTotp(tx, place(), ring));
  const { secret } = (await pendingTotp(db, place(), names, ring)) ?? {};
  assert.ok(secret);
  return secret;
}

const confirm = (code: string) =>
  inTransaction((tx) => confirmTotp(tx, { ...place(), code }, { ring, ...outside }));

/** An account with an app, whose first code was that of the period before. */
async function setUp(): Promise<string> {
  const secret = await begin();
  assert.ok(await confirm(codeAfter(secret, -1)));
  return secret;
}

const use = (code: string, on: Database = db) => useTotp(on, { accountId: account.id, code }, ring);

const makeCodes = () =>
  inTransaction((tx) =>
    makeRecoveryCodes(tx, { accountId: account.id }, { ...community, ...outside }),
  );

const useCode = (code: string, accountId = account.id, on: Database = db) =>
  on.transaction((tx) => useRecoveryCode(tx, { accountId, code }, { ...community, ...outside }));

const audited = async () => {
  const rows = await db.query<{ action: string }>(
    'select action from audit where target = $1 order by id',
    [account.id],
  );
  return rows.map(({ action }) => action);
};

describe('codes from an app', () => {
  test('count from the first right one on', async () => {
    const secret = await begin();
    assert.equal(await use(codeOf(secret)), false);
    assert.equal((await factorsOf(db, account.id)).totp, null);
    assert.equal(await confirm('000000'), false);
    assert.equal(await confirm(codeAfter(secret, -1)), true);
    assert.ok((await factorsOf(db, account.id)).totp);
    assert.equal(await use(codeOf(secret)), true);
  });

  test('are told to the app as apps expect it', async () => {
    await inTransaction((tx) => beginTotp(tx, place(), ring));
    const { uri = '', secret, picture } = (await pendingTotp(db, place(), names, ring)) ?? {};
    const url = new URL(uri);
    assert.equal(decodeURIComponent(url.pathname), '/Acme:person@example.org');
    assert.equal(url.host, 'totp');
    const { issuer, algorithm, digits, period } = Object.fromEntries(url.searchParams);
    assert.deepEqual([issuer, algorithm, digits, period], ['Acme', 'SHA1', '6', '30']);
    assert.equal(url.searchParams.get('secret'), secret);
    assert.equal(secret?.length, 32);
    assert.match(picture ?? '', /^<svg [^<>]*><path [^<>]*\/><\/svg>$/);
  });

  test('count once, also the one that set the app up, and over two instances at once', async () => {
    const secret = await setUp();
    assert.equal(await use(codeAfter(secret, -1)), false);
    const code = codeOf(secret);
    const uses = await Promise.all([db, other, db, other].map((on) => use(code, on)));
    assert.equal(uses.filter(Boolean).length, 1);
  });

  test('of a period before one that was used are worth nothing', async () => {
    const secret = await setUp();
    assert.equal(await use(codeAfter(secret, 1)), true);
    assert.equal(await use(codeOf(secret)), false);
  });

  test('may be one period early or late, no more', async () => {
    const secret = await setUp();
    for (const periods of [-3, 3, 10]) assert.equal(await use(codeAfter(secret, periods)), false);
    assert.equal(await use(codeAfter(secret, 1)), true);
  });

  test('may be typed in groups, and are nothing else than six digits', async () => {
    const secret = await setUp();
    for (const code of ['', '12345', 'abcdef', `${codeOf(secret)}0`]) {
      assert.equal(await use(code), false);
    }
    const code = codeOf(secret);
    assert.equal(await use(` ${code.slice(0, 3)} ${code.slice(3)}`), true);
  });

  test('of another account are worth nothing', async () => {
    const secret = await setUp();
    account = await addAccount(community, { address: `other${people}@example.org` });
    await setUp();
    assert.equal(await use(codeOf(secret)), false);
  });

  test('come from the new app once it has shown one, until then from the old', async () => {
    const secret = await setUp();
    const next = await begin();
    assert.equal(await use(codeOf(secret)), true);
    assert.equal(await confirm(codeOf(next)), true);
    assert.equal(await use(codeAfter(secret, 1)), false);
    assert.equal(await use(codeAfter(next, 1)), true);
  });

  test('are set up by whoever began it, and by nobody else', async () => {
    const secret = await begin();
    const elsewhere = { accountId: account.id, begunBy: 'another session' };
    assert.equal(await pendingTotp(db, elsewhere, names, ring), undefined);
    await assert.rejects(
      inTransaction((tx) =>
        confirmTotp(tx, { ...elsewhere, code: codeOf(secret) }, { ring, ...outside }),
      ),
      { code: 'enrolment_expired' },
    );
  });

  test('are not set up any more after a quarter of an hour', async () => {
    const secret = await begin();
    await db.query(
      `update totp_credentials set created_at = now() - interval '16 minutes'
        where account_id = $1`,
      [account.id],
    );
    await assert.rejects(confirm(codeOf(secret)), { code: 'enrolment_expired' });
  });

  test('have secrets that only the key ring opens, in their own row', async () => {
    const secret = await setUp();
    const [row] = await db.query<{ sealed: string }>(
      'select secret_sealed as sealed from totp_credentials where account_id = $1',
      [account.id],
    );
    assert.ok(row && !row.sealed.includes(secret));
    const renewed = new KeyRing([randomBytes(32), oldKey]);
    assert.ok((await inTransaction((tx) => reencryptTotp(tx, renewed))) > 0);
    assert.ok(await useTotp(db, { accountId: account.id, code: codeOf(secret) }, renewed));
    await db.query('delete from totp_credentials');
  });

  test('are guessed no more after some tries, over two instances', async () => {
    const limits = [db, other].map(
      (instance) =>
        new SignInLimits({
          db: instance,
          limits: new RateLimits(instance, community.fingerprints),
          browsers: new KnownBrowsers(community.fingerprints),
        }),
    );
    const tries = Array.from({ length: 40 }, (_, index) =>
      limits[index % 2]?.secondStep({
        identifier: account.emailKey ?? '',
        tenantId: account.tenantId,
        address: `192.0.2.${index}`,
        browser: `browser ${index}`,
      }),
    );
    const granted = (await Promise.all(tries)).filter((one) => one?.allowed);
    assert.equal(granted.length, 10);
  });
});

describe('recovery codes', () => {
  test('are ten, and each counts once', async () => {
    await setUp();
    const codes = await makeCodes();
    assert.equal(new Set(codes).size, 10);
    const [first = '', second = ''] = codes;
    assert.equal(await useCode(first), 9);
    assert.equal(await useCode(first), undefined);
    assert.equal(await useCode(` ${second.replace('-', ' ').toUpperCase()}\n`), 8);
  });

  test('count once where two use one at the same time', async () => {
    await setUp();
    const [code = ''] = await makeCodes();
    const uses = await Promise.all([db, other, db].map((on) => useCode(code, account.id, on)));
    assert.deepEqual(
      uses.filter((left) => left !== undefined),
      [9],
    );
  });

  test('end those that were made before', async () => {
    await setUp();
    const [before = ''] = await makeCodes();
    const [after = ''] = await makeCodes();
    assert.equal(await useCode(before), undefined);
    assert.equal(await useCode(after), 9);
  });

  test('of another account are worth nothing', async () => {
    await setUp();
    const [code = ''] = await makeCodes();
    const stranger = await addAccount(community, { address: `stranger${people}@example.org` });
    assert.equal(await useCode(code, stranger.id), undefined);
  });

  test('are made only where they stand in for something, and go with it', async () => {
    await assert.rejects(makeCodes(), { code: 'second_factor_missing' });
    await setUp();
    const [code = ''] = await makeCodes();
    await inTransaction((tx) => removeTotp(tx, { accountId: account.id }, outside));
    assert.equal((await factorsOf(db, account.id)).recoveryCodes, 0);
    assert.equal(await useCode(code), undefined);
  });

  test('are stored as fingerprints alone', async () => {
    await setUp();
    const codes = await makeCodes();
    const stored = await db.query<{ code: string }>(
      'select code from recovery_codes where account_id = $1',
      [account.id],
    );
    for (const { code } of stored) assert.match(code, /^[\w-]{43}$/);
    const text = JSON.stringify(stored);
    for (const code of codes) assert.ok(!text.includes(code.replace('-', '')));
  });
});

describe('a change of factors', () => {
  test('is told to every address of the account, and audited', async () => {
    await inTransaction((tx) =>
      insertIdentity(tx, {
        ...{ tenantId: account.tenantId, accountId: account.id },
        ...{ connection: 'google', issuer: 'https://accounts.google.com', subject: account.id },
        profile: { email: `Elsewhere${people}@example.com` },
      }),
    );
    await setUp();
    const [code = ''] = await makeCodes();
    await useCode(code);
    await inTransaction((tx) =>
      removeTotp(tx, { accountId: account.id, actor: 'operator' }, outside),
    );
    const everybody = [account.email, `Elsewhere${people}@example.com`];
    assert.deepEqual(
      told.map(({ to }) => to),
      [...everybody, ...everybody, ...everybody, ...everybody],
    );
    for (const mail of told) mailSchemas['factors-changed'].parse(mail.params);
    assert.deepEqual(await audited(), [
      'factor.added',
      'recovery_codes.made',
      'recovery_code.used',
      'factor.removed',
    ]);
  });

  test('ends the remembering of browsers, and so does a new password', async () => {
    const remember = () => browsers.remember(db, 'browser', account.id);
    const isRemembered = () => browsers.isRemembered(db, 'browser', account.id);
    await setUp();
    await remember();
    assert.equal(await isRemembered(), true);
    assert.equal(await browsers.isRemembered(db, 'another browser', account.id), false);
    const [code = ''] = await makeCodes();
    assert.equal(await isRemembered(), false);
    await remember();
    await useCode(code);
    assert.equal(await isRemembered(), false);
    await remember();
    await inTransaction((tx) =>
      changePassword(tx, { accountId: account.id, passwordHash: 'new' }, outside),
    );
    assert.equal(await isRemembered(), false);
  });

  test('leaves nothing of an account that was deleted', async () => {
    await setUp();
    await makeCodes();
    await inTransaction((tx) => deleteAccount(tx, { accountId: account.id }, outside));
    assert.deepEqual(await factorsOf(db, account.id), {
      totp: null,
      recoveryCodes: 0,
      passkeys: 0,
    });
  });
});

test('a browser is remembered for thirty days', async () => {
  await browsers.remember(db, 'browser', account.id);
  const [row] = await db.query<{ days: number }>(
    `select extract(epoch from expires_at - now()) / 86400 as days from remembered_browsers
      where account_id = $1`,
    [account.id],
  );
  assert.ok(Math.abs(Number(row?.days) - 30) < 0.01);
  await db.query(`update remembered_browsers set expires_at = now() - interval '1 second'`);
  assert.equal(await browsers.isRemembered(db, 'browser', account.id), false);
});
