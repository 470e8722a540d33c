import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, test } from 'vitest';
import { useTerminal } from './terminal.ts';

type Listed = { slug: string; error: string | null; removalsHeld: number | null };

const held = {
  count: 2,
  digest: 'd1',
  at: '2026-01-01T00:00:00.000Z',
  users: ['@ann:matrix.example', '@ben:matrix.example'],
};

describe('rooms', () => {
  const terminal = useTerminal();
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    const { id: tenantId } = await terminal.json<{ id: string }>(
      ...['tenants', 'add', '--slug', 'acme', '--name', 'Acme'],
    );
    for (const slug of ['quiet', 'failed', 'crowded']) {
      ids[slug] = randomUUID();
      await terminal.db.query(
        `with entity as (
            insert into entities (id, tenant_id, entity_type, entity_slug, state, name)
            values ($1, $2, 'group', $3::text, 'active', 'Chess') returning id)
          insert into matrix_rooms (entity, room_id, synced_version)
          select id, '!' || $3::text, 1 from entity`,
        [ids[slug], tenantId, slug],
      );
    }
    await terminal.db.query("update matrix_rooms set error = 'It is full' where entity = $1", [
      ids.failed,
    ]);
    await terminal.db.query('update matrix_rooms set held_removals = $2 where entity = $1', [
      ids.crowded,
      JSON.stringify(held),
    ]);
  });

  test('are listed with how they are, or only those that need somebody', async () => {
    const all = await terminal.json<Listed[]>('rooms', 'list', '--tenant', 'acme');
    assert.deepEqual(
      all.map(({ slug }) => slug),
      ['crowded', 'failed', 'quiet'],
    );
    const troubled = await terminal.json<Listed[]>('rooms', 'list', '--troubled');
    assert.deepEqual(
      troubled.map(({ slug, error, removalsHeld }) => [slug, error, removalsHeld]),
      [
        ['crowded', null, 2],
        ['failed', 'It is full', null],
      ],
    );
    const { stdout } = await terminal.run(['rooms', 'list']);
    assert.match(stdout, /acme +group +quiet +!quiet +0 +in order/);
    assert.match(stdout, /failed: It is full/);
  });

  test('are shown by what the platform calls them, in their tenant alone', async () => {
    const room = await terminal.json('rooms', 'show', 'group', 'quiet', '--tenant', 'acme');
    assert.partialDeepStrictEqual(room, { id: ids.quiet, roomId: '!quiet', synced: true });
    const elsewhere = await terminal.failure(['rooms', 'show', 'group', 'quiet']);
    assert.equal(elsewhere.code, 'room_not_found');
  });

  test('are looked at by the worker when an operator says so', async () => {
    await terminal.json('rooms', 'sync', 'group', 'failed', '--tenant', 'acme');
    const [job] = await terminal.db.query<{ key: string }>(
      'select key from graphile_worker.jobs where key = $1',
      [`sync-room:${ids.failed}`],
    );
    assert.ok(job);
    assert.deepEqual(await terminal.audited(ids.failed ?? ''), ['room.sync_requested']);
  });

  test('lose many people at once only when an operator has seen who they are', async () => {
    const which = ['rooms', 'confirm-removals', 'group', 'crowded', '--tenant', 'acme'];
    const confirmed = async () => {
      const [row] = await terminal.db.query<{ confirmed: string | null }>(
        'select confirmed_removals as confirmed from matrix_rooms where entity = $1',
        [ids.crowded],
      );
      return row?.confirmed;
    };
    const seen = await terminal.json(...which);
    assert.deepEqual(seen, { confirmed: false, digest: 'd1', users: held.users });
    assert.equal(await confirmed(), null);
    await terminal.json(...which, '--yes');
    assert.equal(await confirmed(), 'd1');
    assert.deepEqual(await terminal.audited(ids.crowded ?? ''), ['room.removals_confirmed']);
    const nothing = ['rooms', 'confirm-removals', 'group', 'quiet', '--tenant', 'acme', '--yes'];
    assert.equal((await terminal.failure(nothing)).code, 'nothing_held');
  });

  test('are compared when asked, by whichever worker comes', async () => {
    const run = await terminal.json<{ id: string; state: string; total: number }>(
      ...['rooms', 'reconcile', '--tenant', 'acme', '--dry-run', '--no-wait'],
    );
    assert.partialDeepStrictEqual(run, { state: 'running', total: 3, dryRun: true });
    assert.partialDeepStrictEqual(await terminal.json('rooms', 'run', run.id), { checked: 0 });
    const unknown = await terminal.failure(['rooms', 'run', randomUUID()]);
    assert.equal(unknown.code, 'run_not_found');
    const malformed = await terminal.failure(['rooms', 'run', 'nonsense']);
    assert.equal(malformed.code, 'run_not_found');
  });
});
