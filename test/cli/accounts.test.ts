import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import type { FoundAccount } from '../../src/accounts/found.ts';
import { PasswordHasher } from '../../src/accounts/password-hasher.ts';
import { factorsOf } from '../../src/factors/factors.store.ts';
import { until } from '../support/until.ts';
import { useTerminal } from './terminal.ts';

describe('accounts', () => {
  const terminal = useTerminal();
  const add = (...args: string[]) => terminal.json<FoundAccount>('accounts', 'add', ...args);

  test('an account is added as after a sign-up', async () => {
    await terminal.json('tenants', 'add', '--slug', 'acme', '--name', 'Acme');
    const account = await add(
      ...['--email', 'Ada@example.org', '--name', 'Ada Lovelace', '--handle', 'ada.l'],
      ...['--password', 'difference engine no. 2', '--tenant', 'acme'],
    );
    assert.partialDeepStrictEqual(account, {
      tenant: 'acme',
      status: 'active',
      name: 'Ada Lovelace',
      handle: 'ada.l',
      email: 'Ada@example.org',
      emailVerified: true,
      hasPassword: true,
      matrixAccess: 'active',
      sessions: 0,
    });
    const [row] = await terminal.db.query<{ hash: string; key: string }>(
      'select password_hash as hash, email_key as key from accounts where id = $1',
      [account.id],
    );
    assert.equal(row?.key, 'ada@example.org');
    const hasher = new PasswordHasher({
      memoryKiB: 19456,
      iterations: 2,
      parallelism: 1,
      concurrency: 1,
    });
    const { ok } = await hasher.verify(row?.hash, 'difference engine no. 2');
    assert.ok(ok);
    assert.deepEqual(await terminal.audited(account.id), ['account.created']);
    for (const name of [
      account.id,
      '@ada.l',
      'ada.l',
      '@ada.l:matrix.example',
      'ADA@example.org',
    ]) {
      assert.deepEqual(await terminal.json('accounts', 'show', name), account);
    }
  });

  test('an address with several accounts needs its tenant', async () => {
    await terminal.json('tenants', 'add', '--slug', 'globex', '--name', 'Globex');
    await add('--email', 'hank@example.org', '--name', 'Hank');
    const there = await add(
      '--email',
      'hank@example.org',
      '--name',
      'Hank S.',
      '--tenant',
      'globex',
    );
    const { exit, code } = await terminal.failure(['accounts', 'show', 'hank@example.org']);
    assert.deepEqual([exit, code], [1, 'account_ambiguous']);
    assert.deepEqual(
      await terminal.json('accounts', 'show', 'hank@example.org', '--tenant', 'globex'),
      there,
    );
    const found = await terminal.json<FoundAccount[]>(
      ...['accounts', 'list', '--tenant', 'globex', '--search', 'HANK'],
    );
    assert.deepEqual(found, [there]);
  });

  test('nothing is half made where something is taken', async () => {
    await add('--email', 'grace@example.org', '--name', 'Grace', '--handle', 'grace.h');
    const taken = await terminal.failure([
      'accounts',
      'add',
      '--email',
      'eve@example.org',
      '--name',
      'Eve',
      '--handle',
      'GRACE.H',
    ]);
    assert.deepEqual([taken.exit, taken.code], [1, 'handle_taken']);
    const twice = [
      'accounts',
      'add',
      '--email',
      'grace@example.org',
      '--name',
      'G',
      '--handle',
      'gg1',
    ];
    assert.equal((await terminal.failure(twice)).code, 'email_taken');
    const reserved = [
      'accounts',
      'add',
      '--email',
      'r@example.org',
      '--name',
      'R',
      '--handle',
      'admin',
    ];
    assert.equal((await terminal.failure(reserved)).code, 'handle_unavailable');
    const rows = await terminal.db.query(
      `select from accounts where email in ('eve@example.org', 'r@example.org')
        union all select from handles where handle in ('gg1', 'admin')`,
    );
    assert.equal(rows.length, 0);
    const root = await add(...reserved.slice(2), '--allow-reserved');
    assert.equal(root.handle, 'admin');
  });

  test('where Matrix users come first, the worker decides whether a handle can be had', async () => {
    const order = (handle: string) =>
      terminal.run(
        [
          ...['accounts', 'add', '--email', `${handle}@example.org`, '--name', 'Lin'],
          ...['--handle', handle, '--json'],
        ],
        { env: { MATRIX_PROVISIONING: 'on', SYNAPSE_URL: 'http://127.0.0.1:1' } },
      );
    const [ready, refused] = [order('lin.a'), order('lin.b')];
    await decide('lin.a', 'ready');
    assert.equal(JSON.parse((await ready).stdout).handle, 'lin.a');
    await decide('lin.b', 'conflict');
    const { code, stderr } = await refused;
    assert.deepEqual([code, JSON.parse(stderr).error.code], [1, 'handle_taken']);
    const left = await terminal.db.query<{ handle: string; state: string }>(
      `select handle, state from handles where handle like 'lin._' order by handle`,
    );
    assert.deepEqual(left, [
      { handle: 'lin.a', state: 'active' },
      { handle: 'lin.b', state: 'tombstoned' },
    ]);
  });

  test('disabling and signing out end sessions, and tell the applications', async () => {
    const { id } = await add('--email', 'joan@example.org', '--name', 'Joan', '--handle', 'joan.c');
    await signIn(id, 'uid-1');
    assert.equal((await terminal.json<FoundAccount>('accounts', 'show', id)).sessions, 1);
    const out = await terminal.json<FoundAccount>('accounts', 'sign-out', '@joan.c', '--yes');
    assert.deepEqual([out.status, out.sessions], ['active', 0]);
    const isTold = async (uid: string) => {
      const jobs = await terminal.db.query('select from graphile_worker.jobs where key = $1', [
        `backchannel-logout:matrix_synapse:sid-${uid}`,
      ]);
      return jobs.length === 1;
    };
    assert.ok(await isTold('uid-1'));
    await signIn(id, 'uid-2');
    const disabled = await terminal.json<FoundAccount>('accounts', 'disable', id, '--yes');
    assert.deepEqual([disabled.status, disabled.sessions], ['disabled', 0]);
    assert.ok(await isTold('uid-2'));
    const enabled = await terminal.json<FoundAccount>('accounts', 'enable', id);
    assert.deepEqual([enabled.status, enabled.sessions], ['active', 0]);
    const actions = [
      'account.created',
      'account.signed_out',
      'account.disabled',
      'account.enabled',
    ];
    assert.deepEqual(await terminal.audited(id), actions);
  });

  test('second factors are reset, sessions end, and the person is told', async () => {
    const { id } = await add('--email', 'hedy@example.org', '--name', 'Hedy', '--handle', 'hedy.l');
    await signIn(id, 'uid-3');
    await terminal.db.query(
      `insert into totp_credentials (id, account_id, tenant_id, secret_sealed, confirmed_at)
        select gen_random_uuid(), id, tenant_id, '', now() from accounts where id = $1`,
      [id],
    );
    await terminal.db.query(`insert into recovery_codes (code, account_id) values ('x', $1)`, [id]);
    const order = ['accounts', 'reset-factors', '@hedy.l'];
    assert.equal((await terminal.failure(order)).code, 'not_confirmed');
    const reset = await terminal.json<FoundAccount>(...order, '--yes');
    assert.deepEqual([reset.status, reset.sessions], ['active', 0]);
    assert.deepEqual(await factorsOf(terminal.db, id), {
      totp: null,
      recoveryCodes: 0,
      passkeys: 0,
    });
    assert.deepEqual(await terminal.audited(id), ['account.created', 'account.factors_reset']);
    const mails = await terminal.db.query(`select from mails where template = 'factors-changed'`);
    assert.equal(mails.length, 1);
  });

  test('Matrix access is taken and given, and the platform knows the account by its own id', async () => {
    const { id } = await add('--email', 'mary@example.org', '--name', 'Mary', '--handle', 'mary.j');
    const revoked = await terminal.json<FoundAccount>(
      'accounts',
      'revoke-matrix',
      '@mary.j',
      '--yes',
    );
    assert.equal(revoked.matrixAccess, 'revoked');
    const said = await terminal.run(['accounts', 'revoke-matrix', '@mary.j', '--yes']);
    assert.match(said.stdout, /backed up nowhere, are lost/);
    const twice = ['account.created', 'account.matrix_revoked'];
    assert.deepEqual(await terminal.audited(id), twice, 'the second time changed nothing');
    const restored = await terminal.json<FoundAccount>('accounts', 'restore-matrix', '@mary.j');
    assert.equal(restored.matrixAccess, 'active');
    const known = await terminal.json<FoundAccount>(
      ...['accounts', 'set-platform-identity', id, '--user-id', '42', '--slug', 'mary-42'],
    );
    assert.deepEqual([known.platformUserId, known.platformSlug], ['42', 'mary-42']);
    await add('--email', 'other@example.org', '--name', 'Other');
    const other = ['accounts', 'set-platform-identity', 'other@example.org', '--user-id', '42'];
    assert.equal((await terminal.failure(other)).code, 'platform_user_taken');
  });

  test('a handle is free again where its account could not be made after all', async () => {
    await add('--email', 'ida@example.org', '--name', 'Ida', '--platform-slug', 'ida');
    const order = ['--email', 'ivy@example.org', '--name', 'Ivy', '--handle', 'ivy.b'];
    const taken = await terminal.failure(['accounts', 'add', ...order, '--platform-slug', 'ida']);
    assert.equal(taken.code, 'platform_slug_taken');
    const made = await add(...order, '--platform-slug', 'ivy');
    assert.deepEqual([made.handle, made.platformSlug], ['ivy.b', 'ivy']);
  });

  test('nobody is called on the platform by what cannot be seen or read', async () => {
    const { id } = await add('--email', 'may@example.org', '--name', 'May');
    for (const slug of ['\u200b', 'may\u0007', 'm'.repeat(256)]) {
      const set = ['accounts', 'set-platform-identity', id, '--slug', slug];
      const refused = await terminal.failure(set);
      assert.deepEqual([refused.exit, refused.code], [2, 'platform_name_invalid']);
    }
  });

  test('a deleted account leaves its handle to nobody', async () => {
    const { id } = await add('--email', 'ken@example.org', '--name', 'Ken', '--handle', 'ken.t');
    await terminal.json('accounts', 'delete', 'ken@example.org', '--yes');
    assert.equal(
      (await terminal.failure(['accounts', 'show', '@ken.t'])).code,
      'account_not_found',
    );
    const entry = await terminal.json<{ state: string; accountId: string }>(
      'handles',
      'show',
      'ken.t',
    );
    assert.deepEqual([entry.state, entry.accountId], ['tombstoned', id]);
    const again = [
      'accounts',
      'add',
      '--email',
      'k@example.org',
      '--name',
      'K',
      '--handle',
      'ken.t',
    ];
    assert.equal((await terminal.failure(again)).code, 'handle_taken');
  });

  /** As a worker does when it has asked the homeserver. */
  function decide(handle: string, state: 'ready' | 'conflict') {
    return until(
      async () => {
        const rows = await terminal.db.query(
          'update matrix_users set state = $2 where handle = $1 returning handle',
          [handle, state],
        );
        return rows.length > 0;
      },
      { what: `the wish for ${handle}` },
    );
  }

  /** A browser session in which the account is signed in to Synapse. */
  async function signIn(accountId: string, uid: string): Promise<void> {
    const payload = {
      uid,
      accountId,
      authorizations: { matrix_synapse: { sid: `sid-${uid}`, grantId: `grant-${uid}` } },
    };
    await terminal.db.query(
      `insert into oidc_artifacts (id, model, payload, account_id, uid, expires_at)
        values ($1, 'Session', $2, $3, $1, now() + interval '1 day')`,
      [uid, payload, accountId],
    );
    await terminal.db.query(
      `insert into client_sessions (client_id, sid, account_id, session_uid)
        values ('matrix_synapse', $1, $2, $3)`,
      [`sid-${uid}`, accountId, uid],
    );
  }
});
