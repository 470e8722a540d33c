import assert from 'node:assert/strict';
import { beforeAll, describe, test } from 'vitest';
import { migrations } from './migration.ts';
import { useTerminal } from './terminal.ts';

type Account = { id: string; platformUserId: string | null; platformSlug: string | null };

describe('migration import of users and handles', () => {
  const terminal = useTerminal();
  const { import: importLines, file, problems, rollBack } = migrations(terminal);
  const bring = importLines.bind({ file });

  const add = (email: string, handle: string, ...options: string[]) =>
    terminal.json<Account>(
      ...['accounts', 'add', '--email', email, '--name', 'N', '--handle', handle, ...options],
    );
  const identity = async (handle: string) => {
    const account = await terminal.json<Account>('accounts', 'show', `@${handle}`);
    return [account.platformUserId, account.platformSlug];
  };

  const accounts: Record<string, string> = {};
  beforeAll(async () => {
    await terminal.json('tenants', 'add', '--slug', 'other', '--name', 'Other');
    for (const handle of ['victim', 'bob.b', 'carol', 'boss.one']) {
      accounts[handle] = (await add(`${handle}@example.org`, handle)).id;
    }
    accounts.stranger = (await add('s@example.org', 'stranger', '--tenant', 'other')).id;
    await terminal.db.query("update accounts set roles = '{tenant.admin}' where id = $1", [
      accounts['boss.one'],
    ]);
  });

  test('binds nobody by an address, whatever the file calls it', async () => {
    for (const column of ['email', 'Email', 'account', 'identity', 'login', 'mail']) {
      const lines = `platform_user_id,platform_slug,${column},name\nevil-1,evil,victim@example.org,N\n`;
      const report = await bring('users', lines, '--apply', '--vouch-handles');
      assert.deepEqual([report.changed, report.unbound], [0, 1], column);
      assert.deepEqual(report.ignored, [column, 'name']);
    }
    for (const column of ['handle', 'account_id']) {
      const lines = `platform_user_id,platform_slug,${column}\nevil-1,evil,victim@example.org\n`;
      const report = await bring('users', lines, '--apply', '--vouch-handles');
      assert.deepEqual([report.changed, report.problems.length], [0, 1], column);
    }
    assert.deepEqual(await identity('victim'), [null, null]);
    const [row] = await terminal.db.query<{ bound: number }>(
      'select count(*)::int as bound from accounts where platform_user_id is not null',
    );
    assert.equal(row?.bound, 0);
  });

  test('binds by an account’s id, and undoes it', async () => {
    const lines = `platformUserId,platformSlug,accountId\n17,vic,${accounts.victim?.toUpperCase()}\n`;
    const { changed, rollbackFile } = await bring('users', lines, '--apply');
    assert.equal(changed, 1);
    assert.deepEqual(await identity('victim'), ['17', 'vic']);
    assert.deepEqual(await terminal.audited(accounts.victim), [
      'account.created',
      'account.platform_identity_set',
    ]);
    assert.equal((await bring('users', lines, '--apply')).present, 1);
    const { undone } = await rollBack(rollbackFile, '--apply');
    assert.deepEqual([undone, await identity('victim')], [1, [null, null]]);
  });

  test('binds by a handle only where the operator answers for the file', async () => {
    const lines = 'platformUserId,platformSlug,handle\n18,bobby,@bob.b:matrix.example\n';
    const refused = await bring('users', lines, '--apply');
    assert.deepEqual(problems(refused), [[2, 'handle_not_vouched']]);
    assert.equal((await bring('users', lines, '--apply', '--vouch-handles')).changed, 1);
    assert.deepEqual(await identity('bob.b'), ['18', 'bobby']);
  });

  test('replaces nobody, crosses no wall, and gives no platform an administrator', async () => {
    const lines = `platformUserId,platformSlug,accountId,handle
99,bobby2,${accounts['bob.b']},
18,carol,${accounts.carol},
20,bobby,${accounts.carol},
21,stranger,${accounts.stranger},
22,stranger,,stranger
23,boss,,boss.one
24,carol,${accounts.carol},bob.b
25,nobody,5b1f8f3e-3d0b-4c7e-9a51-0f3c8f6c2d11,
26,nobody,,nobody.here
`;
    await bring(
      'users',
      `platformUserId,platformSlug,accountId\n18,bobby,${accounts['bob.b']}\n`,
      '--apply',
    );
    const report = await bring('users', lines, '--apply', '--vouch-handles');
    assert.deepEqual(problems(report), [
      ...[[2, 'account_has_platform_user'] as const, [3, 'platform_user_taken'] as const],
      ...[[4, 'platform_slug_taken'] as const, [5, 'unknown_account'] as const],
      ...[[6, 'unknown_handle'] as const, [7, 'administrator'] as const],
      ...[[8, 'handle_of_another'] as const, [9, 'unknown_account'] as const],
      [10, 'unknown_handle'],
    ]);
    assert.equal(report.changed, 0);
  });

  test('lets a slug change with its user id, and two accounts of one file not share it', async () => {
    await bring(
      'users',
      `platformUserId,platformSlug,accountId\n18,bobby,${accounts['bob.b']}\n`,
      '--apply',
    );
    const lines = `platformUserId,platformSlug,accountId
18,robert,${accounts['bob.b']}
30,robert,${accounts.carol}
`;
    const report = await bring('users', lines, '--apply');
    assert.deepEqual([report.changed, problems(report)], [1, [[3, 'platform_slug_taken']]]);
    assert.deepEqual(await identity('bob.b'), ['18', 'robert']);
  });

  test('takes no name of a guest, and gives the role that was said of a slug', async () => {
    await terminal.db.query(
      `insert into guests (id, tenant_id, name, email, email_key, platform_slug, created_by)
        select gen_random_uuid(), tenant_id, 'G', 'g@example.org', 'g@example.org', 'the-guest', 'p'
          from accounts where id = $1`,
      [accounts.victim],
    );
    await terminal.db.query(
      `insert into administrator_words (tenant_id, member, over, held, occurred_at, event_id)
        select tenant_id, 'the-boss', 'tenant', true, now(), 'e' from accounts where id = $1`,
      [accounts.victim],
    );
    const lines = `platformUserId,platformSlug,accountId
40,the-guest,${accounts.victim}
41,the-boss,${accounts.victim}
`;
    const report = await bring('users', lines, '--apply');
    assert.deepEqual([report.changed, problems(report)], [1, [[2, 'platform_slug_taken']]]);
    const roles = async () =>
      (await terminal.json<{ roles: string[] }>('accounts', 'show', '@victim')).roles;
    assert.deepEqual(await roles(), ['tenant.admin']);
    await rollBack(report.rollbackFile, '--apply');
    assert.deepEqual(await roles(), []);
  });

  test('enters handles as handles import does, and takes back those that nobody used', async () => {
    const lines = `handle,account_id\n@Old_One:matrix.example,\nold.two,\nvictim,\n@x:elsewhere,\n`;
    const report = await bring('handles', lines, '--apply');
    assert.deepEqual(problems(report), [
      [4, 'taken'],
      [5, 'other_server'],
    ]);
    assert.equal(report.changed, 2);
    await terminal.db.query(
      `insert into matrix_users (handle, account_id, state) values ('old.two', gen_random_uuid(), 'conflict')`,
    );
    const undone = await rollBack(report.rollbackFile, '--apply');
    assert.deepEqual(
      [undone.undone, undone.refused],
      [1, [{ kind: 'handle', key: ['old.two'], reason: 'in_use' }]],
    );
    assert.equal((await terminal.failure(['handles', 'show', 'Old_One'])).code, 'handle_not_found');
    assert.deepEqual(
      (await terminal.json<{ state: string }>('handles', 'show', 'old.two')).state,
      'tombstoned',
    );
  });
});
