import assert from 'node:assert/strict';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import type { Account } from '../../src/accounts/account.ts';
import { accountById, signInCandidates } from '../../src/accounts/accounts.store.ts';
import { EmailCodes } from '../../src/accounts/codes.ts';
import { KnownBrowsers } from '../../src/accounts/known-browsers.ts';
import {
  changeEmail,
  changePassword,
  deleteAccount,
  type Outside,
  recover,
} from '../../src/accounts/lifecycle.ts';
import { EmailLinks } from '../../src/accounts/links.ts';
import { record } from '../../src/audit/events.ts';
import type { Database, Transaction } from '../../src/database/database.ts';
import { withRequestContext } from '../../src/http/request-context.ts';
import { mailSchemas } from '../../views/mail-registry.ts';
import { addAccount, type Community, openCommunity } from './community.ts';

let community: Community;
let db: Database;
let codes: EmailCodes;
let links: EmailLinks;
let browsers: KnownBrowsers;
let account: Account;
let people = 0;

type Told = Parameters<Outside['queueMail']>[1];
let ended: unknown[][];
let told: Told[];
const outside: Outside = {
  accountUrl: 'https://id.example.org/account',
  endSessions: async (_tx, ...rest) => {
    ended.push(rest);
  },
  queueMail: async (_tx, mail) => {
    told.push(mail);
    return true;
  },
};

beforeAll(async () => {
  community = await openCommunity();
  db = community.db;
  codes = new EmailCodes(community.fingerprints);
  links = new EmailLinks(community.fingerprints);
  browsers = new KnownBrowsers(community.fingerprints);
});
afterAll(() => community.close());

beforeEach(async () => {
  people += 1;
  ended = [];
  told = [];
  account = await addAccount(community, {
    address: `Person${people}@example.org`,
    handle: `person${people}`,
    passwordHash: 'old',
    locale: 'de',
  });
});

/** A code, a link and a known browser, as someone may have prepared them. */
async function pending() {
  const bound = {
    purpose: 'email-change' as const,
    tenantId: account.tenantId,
    browser: 'another',
    subject: account.id,
  };
  const address = { email: 'evil@example.org', emailKey: 'evil@example.org' };
  const { code } = await codes.issueCode(db, { ...bound, ...address, accountId: account.id });
  const emailKey = account.emailKey as string;
  const recovery = { purpose: 'recovery' as const, accountId: account.id, emailKey };
  const token = await links.issueLink(db, { ...recovery, tenantId: account.tenantId });
  await browsers.rememberBrowser(db, 'another', account.id);
  return async () => [
    (await codes.redeemCode(db, { ...bound, code })).outcome,
    await links.redeemLink(db, { purpose: 'recovery', token }),
    await browsers.isKnown(db, 'another', emailKey),
  ];
}

const within = (work: (tx: Transaction) => Promise<void>) =>
  withRequestContext(
    { requestId: 'r', address: '192.0.2.7', userAgent: 'Test', memory: new Map() },
    () => db.transaction(work),
  );
const passwordOf = async () =>
  (await signInCandidates(db, { handle: `person${people}` }))[0]?.passwordHash;
const audit = () =>
  db.query<{ action: string; actor: string; address: string | null; detail: object }>(
    'select action, actor, address, detail from audit where target = $1 order by id',
    [account.id],
  );

/** As the worker will: words can be rendered from what was queued. */
function assertRenderable(mail: Told | undefined) {
  assert.ok(mail);
  const schema = mailSchemas[mail.template as keyof typeof mailSchemas];
  schema.parse(JSON.parse(JSON.stringify(mail.params)));
}

describe('a changed password', () => {
  test('ends all other sessions and whatever is pending, and is told', async () => {
    const usable = await pending();
    const keep = { sessionUid: 'this one' };
    await within((tx) =>
      changePassword(tx, { accountId: account.id, passwordHash: 'new', keep }, outside),
    );
    assert.equal(await passwordOf(), 'new');
    assert.deepEqual(ended, [[account.id, keep]]);
    assert.deepEqual(await usable(), ['none', undefined, false]);
    const [mail] = told;
    assertRenderable(mail);
    assert.deepEqual(
      [mail?.template, mail?.to, mail?.locale, mail?.tenantId],
      ['password-changed', account.email, 'de', account.tenantId],
    );
    const [row] = await audit();
    assert.deepEqual(
      [row?.action, row?.actor, row?.address],
      ['account.password_changed', account.id, '192.0.2.7'],
    );
  });

  test('may be none, for codes only', async () => {
    await within((tx) =>
      changePassword(tx, { accountId: account.id, passwordHash: null }, outside),
    );
    assert.equal(await passwordOf(), null);
    assert.equal((await audit())[0]?.action, 'account.password_removed');
  });
});

describe('a changed address', () => {
  const address = () => ({
    email: `New${people}@example.org`,
    emailKey: `new${people}@example.org`,
  });

  test('ends all other sessions and whatever is pending, and both addresses are told', async () => {
    const usable = await pending();
    await within((tx) => changeEmail(tx, { accountId: account.id, ...address() }, outside));
    const changed = await accountById(db, account.id);
    assert.deepEqual(
      [changed?.email, changed?.emailKey, changed?.emailVerified],
      [address().email, address().emailKey, true],
    );
    assert.deepEqual(ended, [[account.id, undefined]]);
    assert.deepEqual(await usable(), ['none', undefined, false]);
    assert.deepEqual(
      told.map(({ to }) => to),
      [account.email, address().email],
    );
    for (const mail of told) {
      assertRenderable(mail);
      assert.ok(!JSON.stringify(mail.params).includes(address().email), 'masked');
    }
  });

  test("changes nothing where it is another's", async () => {
    const other = await addAccount(community, { address: `other${people}@example.org` });
    const taken = { email: other.email as string, emailKey: other.emailKey as string };
    const change = within((tx) => changeEmail(tx, { accountId: account.id, ...taken }, outside));
    await assert.rejects(change, { code: 'email_taken' });
    assert.equal((await accountById(db, account.id))?.email, account.email);
    assert.deepEqual(await audit(), []);
  });
});

describe('a recovery', () => {
  const recovered = (emailKey = account.emailKey as string) =>
    within((tx) => recover(tx, { accountId: account.id, emailKey, passwordHash: 'new' }, outside));

  test('sets the password, ends every session and whatever is pending, and is told', async () => {
    const usable = await pending();
    await recovered();
    assert.equal(await passwordOf(), 'new');
    assert.deepEqual(ended, [[account.id, undefined]]);
    assert.deepEqual(await usable(), ['none', undefined, false]);
    assert.equal((await audit())[0]?.action, 'account.recovered');
    assertRenderable(told[0]);
  });

  test('changes nothing by the proof of an address that is not the account’s any more', async () => {
    await assert.rejects(recovered('old@example.org'), { code: 'recovery_outdated', status: 409 });
    await db.query(`update accounts set status = 'disabled' where id = $1`, [account.id]);
    await assert.rejects(recovered(), { code: 'recovery_outdated' });
    assert.equal(await passwordOf(), 'old');
    assert.deepEqual(told, []);
  });

  test('by link, by code and changes of the password at once never wait in a circle', async () => {
    const usable = await pending();
    const emailKey = account.emailKey as string;
    const { id: accountId, tenantId } = account;
    const purpose = 'recovery' as const;
    const token = await links.issueLink(db, { purpose, accountId, tenantId, emailKey });
    const bound = { purpose, tenantId, browser: 'own', subject: accountId };
    const { code } = await codes.issueCode(db, { ...bound, email: emailKey, emailKey, accountId });
    const byLink = async (tx: Transaction) => {
      const link = await links.redeemLink(tx, { purpose, token });
      if (link) await recover(tx, { ...link, passwordHash: 'by link' }, outside);
    };
    const byCode = async (tx: Transaction) => {
      const { outcome } = await codes.redeemCode(tx, { ...bound, code });
      if (outcome === 'ok') await recover(tx, { accountId, emailKey, passwordHash: '1' }, outside);
    };
    const changed = (tx: Transaction) =>
      changePassword(tx, { accountId, passwordHash: 'changed' }, outside);
    await Promise.all(
      [byLink, byCode, changed, byCode, byLink, changed].map((work, index) =>
        community.instances[index % 2]?.transaction(work),
      ),
    );
    assert.deepEqual(await usable(), ['none', undefined, false]);
    assert.equal((await codes.redeemCode(db, { ...bound, code })).outcome, 'none');
    assert.equal(await links.peekLink(db, { purpose, token }), undefined);
  });
});

describe('a deleted account', () => {
  const remove = () => within((tx) => deleteAccount(tx, { accountId: account.id }, outside));

  test('leaves a row without a person, a tombstone and a job for its Matrix user', async () => {
    const usable = await pending();
    await remove();
    const left = await accountById(db, account.id);
    assert.deepEqual(
      [left?.status, left?.name, left?.email, left?.hasPassword, left?.handle],
      ['deleted', '', null, false, null],
    );
    const handles = await db.query('select state from handles where handle = $1', [
      `person${people}`,
    ]);
    assert.deepEqual(handles, [{ state: 'tombstoned' }]);
    const jobs = await db.query(
      `select payload from graphile_worker._private_jobs where key = $1`,
      [`deactivate-matrix-user:${account.id}`],
    );
    assert.deepEqual(jobs, [{ payload: { accountId: account.id, erase: false } }]);
    assert.deepEqual(ended, [[account.id, undefined]]);
    assert.deepEqual(await usable(), ['none', undefined, false]);
    const [mail] = told;
    assertRenderable(mail);
    assert.equal(mail?.to, account.email);
  });

  test('leaves an audit that says what happened, not who it was', async () => {
    await within(async (tx) => {
      const event = { action: 'account.signed_in' as const, actor: account.id, target: account.id };
      await record(tx, { ...event, tenantId: account.tenantId, detail: { method: 'pwd' } });
    });
    const other = await addAccount(community, { address: `witness${people}@example.org` });
    await within((tx) =>
      record(tx, { action: 'job.retried', actor: other.id, detail: { kept: true } }),
    );
    await remove();
    assert.deepEqual(await audit(), [
      { action: 'account.signed_in', actor: account.id, address: null, detail: {} },
      { action: 'account.deleted', actor: account.id, address: null, detail: {} },
    ]);
    const [kept] = await db.query<{ address: string; detail: object }>(
      'select address, detail from audit where actor = $1',
      [other.id],
    );
    assert.deepEqual(kept, { address: '192.0.2.7', detail: { kept: true } });
    await assert.rejects(db.query('update audit set address = null'), /never changed/);
  });

  test('is deleted once', async () => {
    const results = await Promise.allSettled([remove(), remove(), remove()]);
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(told.length, 1);
    const change = within((tx) =>
      changePassword(tx, { accountId: account.id, passwordHash: 'x' }, outside),
    );
    await assert.rejects(change, { code: 'account_not_found', status: 404 });
  });

  test('is not deleted where its sessions could not be ended', async () => {
    const failing = {
      ...outside,
      endSessions: async () => {
        throw new Error('unreachable');
      },
    };
    const deletion = within((tx) => deleteAccount(tx, { accountId: account.id }, failing));
    await assert.rejects(deletion, /unreachable/);
    assert.equal((await accountById(db, account.id))?.status, 'active');
  });
});
