import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import type { FoundAccount } from '../../src/accounts/found.ts';
import type { JobName, JobPayload } from '../../src/jobs/catalogue.ts';
import { syncAllRoomsTask } from '../../src/matrix/rooms/sync-all.ts';
import { addMembership, addRoom } from '../entities/rows.ts';
import { useTerminal } from './terminal.ts';

describe('who an account is on its platform', () => {
  const terminal = useTerminal();
  const add = (name: string, ...args: string[]) =>
    terminal.json<FoundAccount>(
      ...['accounts', 'add', '--email', `${name}@example.org`, '--name', name, ...args],
    );

  /** Rooms that the worker was asked to look at since the last question. */
  async function queued(): Promise<unknown[]> {
    for (const { payload } of await taken('sync-all-rooms')) {
      const task = syncAllRoomsTask({ database: terminal.db });
      await task(payload, { jobId: '1', attempt: 1, last: false });
    }
    return (await taken('sync-room')).map(({ payload }) => payload.room).sort();
  }
  const taken = <Name extends JobName>(task: Name) =>
    terminal.db.query<{ payload: JobPayload<Name> }>(
      `delete from graphile_worker._private_jobs as jobs
        using graphile_worker._private_tasks as tasks
        where tasks.id = jobs.task_id and tasks.identifier = $1 returning payload`,
      [task],
    );

  async function addTenant(slug: string): Promise<string> {
    await terminal.json('tenants', 'add', '--slug', slug, '--name', slug);
    const rows = await terminal.db.query<{ id: string }>('select id from tenants where slug = $1', [
      slug,
    ]);
    return (rows[0] as { id: string }).id;
  }

  test('can be said when it is added', async () => {
    const account = await add('ada', '--platform-user-id', '42', '--platform-slug', 'ada-42');
    assert.deepEqual([account.platformUserId, account.platformSlug], ['42', 'ada-42']);
    const taken = await terminal.failure([
      ...['accounts', 'add', '--email', 'eve@example.org', '--name', 'Eve'],
      ...['--platform-slug', 'ada-42'],
    ]);
    assert.equal(taken.code, 'platform_slug_taken');
    const nobody = await terminal.failure(['accounts', 'show', 'eve@example.org']);
    assert.equal(nobody.code, 'account_not_found', 'nothing is half made');
  });

  test('moves with its slug: the rooms of the old one and of the new one are looked at', async () => {
    const tenantId = await addTenant('moving');
    await add('bea', '--tenant', 'moving', '--platform-slug', 'old');
    const [left, entered, other] = [
      await addRoom(terminal.db, { tenantId, roomId: '!left:matrix.example' }),
      await addRoom(terminal.db, { tenantId, roomId: '!entered:matrix.example' }),
      await addRoom(terminal.db, { tenantId, roomId: '!other:matrix.example' }),
    ];
    await addMembership(terminal.db, { room: left, tenantId, member: 'old' });
    await addMembership(terminal.db, { room: entered, tenantId, member: 'new' });
    await addMembership(terminal.db, { room: other, tenantId, member: 'somebody' });
    await queued();
    await terminal.json('accounts', 'set-platform-identity', 'bea@example.org', '--slug', 'new');
    assert.deepEqual(await queued(), [left, entered].sort());
  });

  test('includes roles, and an administrator of a tenant counts in all its rooms', async () => {
    const tenantId = await addTenant('governed');
    const account = await add('cy', '--tenant', 'governed');
    const room = await addRoom(terminal.db, { tenantId, roomId: '!one:matrix.example' });
    await addRoom(terminal.db, { tenantId, state: 'awaited' });
    await queued();
    const set = (...args: string[]) =>
      terminal.json<FoundAccount>('accounts', 'set-roles', account.id, ...args);
    const roles = ['--role', 'tenant.admin', '--role', 'moderator'];
    assert.deepEqual((await set(...roles)).roles, ['tenant.admin', 'moderator']);
    assert.deepEqual(await queued(), [room]);
    await set('--role', 'tenant.admin');
    assert.deepEqual(await queued(), [], 'no room cares for other roles');
    await set('--none');
    assert.deepEqual(await queued(), [room]);
    await set('--role', 'platform.admin');
    assert.ok((await queued()).length > 1, 'all rooms of all tenants');
    const audited = await terminal.audited(account.id);
    assert.equal(audited.filter((action) => action === 'account.roles_set').length, 4);
  });

  test('takes no role that cannot be one, and never none by accident', async () => {
    const account = await add('di');
    for (const args of [[], ['--none', '--role', 'x'], ['--role', 'Two words']]) {
      const { exit, code } = await terminal.failure(['accounts', 'set-roles', account.id, ...args]);
      assert.equal(exit, 2);
      assert.match(code, /^(nothing_given|role_invalid)$/);
    }
  });
});
