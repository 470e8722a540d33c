import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { useTerminal } from './terminal.ts';

type Row = { id: string; tenant: string | null; action: string };

describe('audit and jobs', () => {
  const terminal = useTerminal();

  async function exported(...args: string[]): Promise<Row[]> {
    const { code, stdout, stderr } = await terminal.run(['audit', 'export', ...args]);
    assert.equal(code, 0, stderr);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  test('every row is exported once, in order, by any number of batches', async () => {
    await terminal.db.query(
      `insert into audit (at, actor, action, outcome)
        select now() - interval '10 days' + i * interval '1 second', 'system', 'test.counted', 'success'
        from generate_series(1, 2500) i`,
    );
    const ids = (await exported()).map(({ id }) => Number(id));
    assert.ok(ids.length >= 2500);
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((a, b) => a - b),
    );
    assert.equal((await exported('--since', '9d')).filter(isCounted).length, 0);
    assert.equal((await exported('--since', '11d', '--until', '9d')).length, 2500);
  });

  test('one tenant’s audit holds nothing of another’s', async () => {
    for (const slug of ['acme', 'globex']) {
      await terminal.json('tenants', 'add', '--slug', slug, '--name', slug);
    }
    const rows = await exported('--tenant', 'acme');
    assert.deepEqual(
      rows.map(({ tenant, action }) => [tenant, action]),
      [['acme', 'tenant.created']],
    );
  });

  test('a job that was given up on is tried again when told', async () => {
    await terminal.db.query(
      `select graphile_worker.add_job('send-mail', '{}', job_key => 'send-mail:1', max_attempts => 1)`,
    );
    await terminal.db.query(
      "update graphile_worker._private_jobs set attempts = 1, last_error = 'no such host'",
    );
    type Jobs = { waiting: number; failed: { id: string; error: string }[] };
    const { failed } = await terminal.json<Jobs>('jobs', 'list');
    assert.deepEqual(
      failed.map(({ error }) => error),
      ['no such host'],
    );
    const id = failed[0]?.id ?? '';
    assert.deepEqual(await terminal.json('jobs', 'retry', id), { retried: [id] });
    assert.deepEqual(await terminal.json('jobs', 'list'), { waiting: 1, failed: [] });
    assert.deepEqual(await terminal.audited(id), ['job.retried']);
    assert.equal((await terminal.failure(['jobs', 'retry', '999999'])).code, 'job_not_found');
    assert.equal((await terminal.failure(['jobs', 'retry'])).exit, 2);
  });
});

function isCounted({ action }: Row): boolean {
  return action === 'test.counted';
}
