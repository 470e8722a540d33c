import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import type { Account } from '../../src/accounts/account.ts';
import { deleteAccount, type Outside } from '../../src/accounts/lifecycle.ts';
import type { Database } from '../../src/database/database.ts';
import {
  askForPasskey,
  type PasskeySignIn,
  usePasskey,
} from '../../src/factors/passkey-authentication.ts';
import { addPasskey, beginPasskey, mostPasskeys } from '../../src/factors/passkey-registration.ts';
import { passkeysOf } from '../../src/factors/passkeys.store.ts';
import { removePasskey, renamePasskey } from '../../src/factors/passkeys.ts';
import { relyingPartyOf } from '../../src/factors/relying-party.ts';
import { RememberedBrowsers } from '../../src/factors/remembered-browsers.ts';
import { resetFactors } from '../../src/factors/reset.ts';
import { mailSchemas } from '../../views/mail-registry.ts';
import { addAccount, type Community, openCommunity } from '../accounts/community.ts';
import { type Credential, makeCredential, useCredential } from './authenticator.ts';

const party = { id: 'id.example.org', origin: 'https://id.example.org' };
const place = { origin: party.origin, rpId: party.id };
const elsewhere = { origin: 'https://evil.example', rpId: 'evil.example' };

let community: Community;
let db: Database;
let other: Database;
let account: Account;
let people = 0;

let told: Parameters<Outside['queueMail']>[1][] = [];
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
});
afterAll(() => community.close());

const newAccount = () => {
  people += 1;
  return addAccount(community, { address: `passkey${people}@example.org` });
};

beforeEach(async () => {
  account = await newAccount();
  told = [];
});

const browser = 'browser';
const begin = (of = account, by = browser) =>
  beginPasskey(db, { ...of, handle: 'ada', community: 'Acme', browser: by }, party);

const keep = (response: RegistrationResponseJSON, { on = db, of = account, by = browser } = {}) =>
  addPasskey(
    on,
    { id: of.id, tenantId: of.tenantId, browser: by, device: 'Firefox, Linux' },
    response,
    { party, ...outside },
  );

type Lies = Parameters<typeof makeCredential>[2];

async function add(lies: Lies = {}, of = account): Promise<Credential & { row: string }> {
  const { credential, response } = makeCredential(await begin(of), place, lies);
  return { ...credential, row: await keep(response, { of }) };
}

const signIn: PasskeySignIn = {
  ...{ browser, tenantId: null, signInId: 'sign-in', clientId: 'app' },
};
const ask = (by: Partial<PasskeySignIn> = {}) => askForPasskey(db, { ...signIn, ...by }, party);
const use = (answer: AuthenticationResponseJSON, by: Partial<PasskeySignIn> = {}, on = db) =>
  usePasskey(on, { ...signIn, ...by }, answer, party);

const refused = { code: 'passkey_refused' };

const refusals = async () => {
  const rows = await db.query<{ reason: string }>(
    `select detail->>'reason' as reason from audit
      where target = $1 and action = 'factor.refused' order by id`,
    [account.id],
  );
  return rows.map(({ reason }) => reason);
};

test('passkeys are for names with TLS, and for localhost', () => {
  assert.deepEqual(relyingPartyOf('https://id.example.org:8443'), {
    id: 'id.example.org',
    origin: 'https://id.example.org:8443',
  });
  assert.deepEqual(relyingPartyOf('http://localhost:3000'), {
    id: 'localhost',
    origin: 'http://localhost:3000',
  });
  for (const url of ['http://127.0.0.1:3000', 'https://192.0.2.1', 'https://[2001:db8::1]']) {
    assert.equal(relyingPartyOf(url), undefined, url);
  }
  assert.equal(relyingPartyOf('http://id.example.org'), undefined);
});

describe('adding a passkey', () => {
  test('asks for one that is found without a name, verifies its user, and is not there yet', async () => {
    const { id } = await add();
    const options = await begin();
    assert.equal(options.rp.id, 'id.example.org');
    assert.equal(options.attestation, 'none');
    assert.equal(options.authenticatorSelection?.residentKey, 'required');
    assert.equal(options.authenticatorSelection?.userVerification, 'required');
    assert.deepEqual(
      options.excludeCredentials?.map((one) => one.id),
      [id],
    );
    const handle = Buffer.from(options.user.id, 'base64url').toString('hex');
    assert.equal(handle, account.id.replaceAll('-', ''));
  });

  test('names it by its maker, else by the browser', async () => {
    await add({ aaguid: 'd548826e-79b4-db40-a3d8-11116f7e8349' });
    await add({ isBound: true });
    const rows = await passkeysOf(db, account.id);
    assert.deepEqual(
      rows.map(({ name, isBound, isSynced }) => ({ name, isBound, isSynced })),
      [
        { name: 'Bitwarden', isBound: false, isSynced: true },
        { name: 'Firefox, Linux', isBound: true, isSynced: false },
      ],
    );
  });

  test('takes an answer once, also over two instances', async () => {
    const { response } = makeCredential(await begin(), place);
    const results = await Promise.allSettled([db, other, db].map((on) => keep(response, { on })));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    await assert.rejects(keep(response), refused);
  });

  test('takes no answer that is too old, or to another question', async () => {
    const { response: old } = makeCredential(await begin(), place);
    await begin();
    await assert.rejects(keep(old), refused);
    const { response: late } = makeCredential(await begin(), place);
    await db.query(`update webauthn_challenges set expires_at = now() - interval '1 second'`);
    await assert.rejects(keep(late), refused);
  });

  test('takes no answer of another browser, for another account, or made for a sign-in', async () => {
    const { response } = makeCredential(await begin(), place);
    await assert.rejects(keep(response, { by: 'another browser' }), refused);
    await assert.rejects(keep(response, { of: await newAccount() }), refused);
    const { challenge } = await ask({ signInId: account.id, tenantId: account.tenantId });
    const { response: swapped } = makeCredential(await begin(), place, { challenge });
    await assert.rejects(keep(swapped), refused);
  });

  test('takes none of another origin or host, of another kind, or without a verified user', async () => {
    const all: Lies[] = [
      { origin: elsewhere.origin },
      { rpId: elsewhere.rpId },
      { type: 'webauthn.get' },
      { verified: false },
    ];
    for (const lies of all) await assert.rejects(add(lies), refused, JSON.stringify(lies));
    assert.deepEqual(await passkeysOf(db, account.id), []);
  });

  test('takes none that is somebody else’s already', async () => {
    const { id } = await add();
    const stranger = await newAccount();
    await assert.rejects(add({ id }, stranger), refused);
  });

  test('ends at twenty, also for two at once over two instances', async () => {
    for (let count = 1; count < mostPasskeys; count += 1) await add();
    const answers = [];
    for (const by of ['one browser', 'another browser']) {
      answers.push({ by, ...makeCredential(await begin(account, by), place) });
    }
    const results = await Promise.allSettled(
      answers.map(({ by, response }, index) => keep(response, { by, on: index ? other : db })),
    );
    const reasons = results.map((one) => (one.status === 'rejected' ? one.reason.code : 'added'));
    assert.deepEqual(reasons.sort(), ['added', 'too_many_passkeys']);
    assert.equal((await passkeysOf(db, account.id)).length, mostPasskeys);
    await assert.rejects(begin(), { code: 'too_many_passkeys' });
  });
});

describe('a sign-in with a passkey', () => {
  test('says whose it is, and whether it is bound to a device', async () => {
    const synced = await add();
    const bound = await add({ isBound: true });
    const options = await ask();
    assert.equal(options.userVerification, 'required');
    assert.deepEqual(options.allowCredentials ?? [], []);
    assert.deepEqual(await use(useCredential(options, synced, place)), {
      ...{ accountId: account.id, tenantId: account.tenantId },
      method: 'swk',
    });
    assert.deepEqual(await use(useCredential(await ask(), bound, place)), {
      ...{ accountId: account.id, tenantId: account.tenantId },
      method: 'hwk',
    });
    const rows = await passkeysOf(db, account.id);
    assert.ok(rows.every(({ lastUsedAt }) => lastUsedAt));
  });

  test('counts once, also over two instances', async () => {
    const credential = await add();
    const answer = useCredential(await ask(), credential, place);
    const uses = await Promise.all([db, other, db].map((on) => use(answer, {}, on)));
    assert.equal(uses.filter(Boolean).length, 1);
    assert.equal(await use(answer), undefined);
  });

  test('counts in the browser, the sign-in and the community in which it began, for a while', async () => {
    const credential = await add();
    const { tenantId } = account;
    for (const by of [{ browser: 'another' }, { signInId: 'another' }, { tenantId }]) {
      assert.equal(await use(useCredential(await ask(), credential, place), by), undefined);
    }
    const late = useCredential(await ask(), credential, place);
    await db.query(`update webauthn_challenges set expires_at = now() - interval '1 second'`);
    assert.equal(await use(late), undefined);
    const old = useCredential(await ask(), credential, place);
    const now = useCredential(await ask(), credential, place);
    assert.equal(await use(old), undefined);
    assert.ok(await use(now));
  });

  test('proves nothing by a challenge that was made for adding a passkey', async () => {
    const credential = await add();
    const answer = useCredential(await begin(), credential, place);
    const by = { signInId: account.id, tenantId: account.tenantId };
    assert.equal(await use(answer, by), undefined);
  });

  test('proves nothing where anything of it was made for somewhere else, and is audited', async () => {
    const credential = await add();
    const stranger = await add({}, await newAccount());
    const all = [
      { origin: elsewhere.origin },
      { rpId: elsewhere.rpId },
      { verified: false },
      { type: 'webauthn.create' },
      { userHandle: stranger.userHandle },
      { isBound: true },
    ];
    for (const lies of all) {
      const answer = useCredential(await ask(), credential, place, lies);
      assert.equal(await use(answer), undefined, JSON.stringify(lies));
    }
    // The key of one, called by the name of the other.
    const { id, userHandle } = credential;
    const forged = useCredential(await ask(), stranger, place, { id, userHandle });
    assert.equal(await use(forged), undefined);
    assert.deepEqual(await refusals(), Array(all.length + 1).fill('invalid'));
  });

  test('proves nothing with a counter that goes back, and is audited', async () => {
    const credential = await add({ isBound: true, counter: 7 });
    for (const counter of [7, 3, 0]) {
      const answer = useCredential(await ask(), credential, place, { counter });
      assert.equal(await use(answer), undefined, `${counter}`);
    }
    assert.deepEqual(await refusals(), ['counter', 'counter', 'counter']);
    assert.ok(await use(useCredential(await ask(), credential, place, { counter: 8 })));
    assert.equal(
      await use(useCredential(await ask(), credential, place, { counter: 8 })),
      undefined,
    );
  });

  test('minds no counter of a passkey that is synced: each device counts for itself', async () => {
    const credential = await add({ counter: 7 });
    assert.ok(await use(useCredential(await ask(), credential, place, { counter: 2 })));
  });

  test('is not for another community, nor for who was disabled, nor where all are suspended', async () => {
    const credential = await add();
    const tenantId = community.otherTenantId;
    const answer = useCredential(await ask({ tenantId }), credential, place);
    assert.equal(await use(answer, { tenantId }), undefined);
    for (const [table, id] of [
      ['accounts', account.id],
      ['tenants', account.tenantId],
    ]) {
      const state = table === 'accounts' ? 'disabled' : 'suspended';
      await db.query(`update ${table} set status = $2 where id = $1`, [id, state]);
      const there = useCredential(await ask(), credential, place);
      assert.equal(await use(there), undefined, table);
      await db.query(`update ${table} set status = 'active' where id = $1`, [id]);
    }
    assert.ok(await use(useCredential(await ask(), credential, place)));
  });

  test('proves nothing by a passkey that was removed, or reset, or whose account is gone', async () => {
    const ends = [
      (id: string) =>
        db.transaction((tx) => removePasskey(tx, { accountId: account.id, id }, outside)),
      () =>
        db.transaction((tx) =>
          resetFactors(tx, { accountId: account.id, actor: 'operator' }, outside),
        ),
      () => db.transaction((tx) => deleteAccount(tx, { accountId: account.id }, outside)),
    ];
    for (const end of ends) {
      const credential = await add();
      await end(credential.row);
      assert.equal(await use(useCredential(await ask(), credential, place)), undefined);
      assert.deepEqual(await passkeysOf(db, account.id), []);
    }
  });
});

describe('a change of passkeys', () => {
  test('is told to the address of the account, audited, and ends the remembering of browsers', async () => {
    const browsers = new RememberedBrowsers(community.fingerprints);
    const isRemembered = () => browsers.isRemembered(db, 'browser', account.id);
    await browsers.remember(db, 'browser', account.id);
    const { row: id } = await add();
    assert.equal(await isRemembered(), false);
    const accountId = account.id;
    await db.transaction((tx) => renamePasskey(tx, { accountId, id, name: 'My phone' }));
    assert.equal((await passkeysOf(db, accountId))[0]?.name, 'My phone');
    await browsers.remember(db, 'browser', account.id);
    await db.transaction((tx) => removePasskey(tx, { accountId, id, actor: 'operator' }, outside));
    assert.equal(await isRemembered(), false);
    assert.deepEqual(
      told.map(({ to, params }) => [to, mailSchemas['factors-changed'].parse(params).change]),
      [
        [account.email, 'passkey_added'],
        [account.email, 'passkey_removed'],
      ],
    );
    const rows = await db.query<{ action: string; actor: string }>(
      'select action, actor from audit where target = $1 order by id',
      [accountId],
    );
    assert.deepEqual(
      rows.map(({ action, actor }) => [action, actor === accountId ? 'self' : actor]),
      [
        ['factor.added', 'self'],
        ['factor.renamed', 'self'],
        ['factor.removed', 'operator'],
      ],
    );
  });

  test('is only for the account whose it is', async () => {
    const { row: id } = await add();
    const { id: accountId } = await newAccount();
    const missing = { code: 'passkey_not_found' };
    await assert.rejects(
      db.transaction((tx) =>
        renamePasskey(tx, { accountId, id, name: randomBytes(4).toString('hex') }),
      ),
      missing,
    );
    await assert.rejects(
      db.transaction((tx) => removePasskey(tx, { accountId, id }, outside)),
      missing,
    );
    assert.equal((await passkeysOf(db, account.id)).length, 1);
  });
});
