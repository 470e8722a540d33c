import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { accountOf } from '../../src/handles/handles.store.ts';
import { activateHandle, holdHandle } from '../../src/handles/hold.ts';
import { importHandles } from '../../src/handles/import.ts';
import type { ImportRow } from '../../src/handles/import-file.ts';
import { useRegistry } from './registry.ts';

const registry = useRegistry();
const { hold } = registry;

const rowsOf = (...handles: string[]): ImportRow[] =>
  handles.map((handle, at) => ({ line: at + 2, handle }));

const run = (rows: ImportRow[], options: { dryRun?: boolean; batchSize?: number } = {}) =>
  importHandles(registry.db, rows, { serverName: 'matrix.example', dryRun: false, ...options });

const count = async () => (await registry.db.query('select from handles')).length;

beforeEach(() => registry.db.query('delete from handles'));

describe('importing handles', () => {
  test('keeps historical names from everybody', async () => {
    const report = await run(rowsOf('John', '1st', '=weird/name', '@anna:matrix.example', '@home'));
    assert.deepEqual(report, { dryRun: false, rows: 5, added: 5, present: 0, conflicts: [] });
    const row = await registry.row('john');
    assert.equal(row?.handle, 'John');
    assert.equal(row?.imported, true);
    const taken = await registry.db.transaction((tx) => holdHandle(tx, hold({ handle: 'anna' })));
    assert.equal(taken, 'taken');
  });

  test('gives a handle to the account that it belongs to', async () => {
    const accountId = await registry.addAccount();
    await run([{ line: 2, handle: 'Old_Name.', accountId: accountId.toUpperCase() }]);
    assert.equal(await accountOf(registry.db, 'old_name.'), accountId);
  });

  test('tells what is wrong with which line, and imports the rest', async () => {
    const accountId = await registry.addAccount();
    const unknown = '00000000-0000-4000-8000-000000000000';
    const report = await run([
      ...rowsOf('fine', 'with space', 'Fine', '@fine:other.example', 'x'.repeat(240), 'é'),
      { line: 8, handle: 'ann', accountId: 'ann' },
      { line: 9, handle: 'bea', accountId: unknown },
      { line: 10, handle: 'cleo', accountId },
      { line: 11, handle: 'cleo2', accountId },
    ]);
    assert.equal(report.added, 2);
    assert.deepEqual(
      report.conflicts.map(({ line, reason }) => [line, reason]),
      [
        [3, 'not_a_localpart'],
        [4, 'duplicate'],
        [5, 'other_server'],
        [6, 'matrix_id_too_long'],
        [7, 'not_a_localpart'],
        [8, 'not_an_account_id'],
        [9, 'unknown_account'],
        [11, 'account_has_handle'],
      ],
    );
  });

  test('overwrites nothing', async () => {
    const [owned, held] = [hold({ handle: 'owned' }), hold({ handle: 'held' })];
    await registry.db.transaction(async (tx) => {
      await holdHandle(tx, owned);
      await activateHandle(tx, owned);
      await holdHandle(tx, held);
    });
    const accountId = await registry.addAccount();
    await run(rowsOf('nobodys'));
    const before = await registry.db.query('select * from handles order by handle');
    const report = await run([
      { line: 2, handle: 'Owned', accountId },
      { line: 3, handle: 'held', accountId },
      { line: 4, handle: 'nobodys', accountId: await registry.addAccount() },
      { line: 5, handle: 'other', accountId: owned.accountId },
    ]);
    assert.deepEqual(
      report.conflicts.map(({ reason }) => reason),
      ['taken', 'account_has_handle', 'taken', 'account_has_handle'],
    );
    assert.deepEqual(await registry.db.query('select * from handles order by handle'), before);
  });

  test('in a dry run says the same and writes nothing', async () => {
    const rows = rowsOf('anna', 'bob', 'Bob', 'a b');
    const dry = await run(rows, { dryRun: true });
    assert.equal(await count(), 0);
    const real = await run(rows);
    assert.deepEqual({ ...dry, dryRun: false }, real);
    assert.equal(await count(), 2);
  });

  test('again adds nothing', async () => {
    const rows = [
      ...rowsOf('anna', 'bob'),
      { line: 4, handle: 'cleo', accountId: await registry.addAccount() },
    ];
    await run(rows);
    const again = await run(rows);
    assert.deepEqual(again, { dryRun: false, rows: 3, added: 0, present: 3, conflicts: [] });
  });

  test('goes on after an interruption where it was', async () => {
    const rows = rowsOf('h1', 'h2', 'h3', 'h4', 'h5', 'h6');
    let batches = 0;
    const failing: Pick<Database, 'transaction'> = {
      transaction(work) {
        batches += 1;
        return batches === 3 ? Promise.reject(new Error('killed')) : registry.db.transaction(work);
      },
    };
    const options = { serverName: 'matrix.example', dryRun: false, batchSize: 2 };
    await assert.rejects(importHandles(failing, rows, options), /killed/);
    assert.equal(await count(), 4);
    const report = await run(rows, { batchSize: 2 });
    assert.deepEqual([report.present, report.added], [4, 2]);
  });

  test('by two operators at once adds every handle once', async () => {
    const rows = rowsOf(...Array.from({ length: 300 }, (_, at) => `legacy.${at}`));
    const options = { serverName: 'matrix.example', dryRun: false, batchSize: 50 };
    const reports = await Promise.all([
      importHandles(registry.db, rows, options),
      importHandles(registry.other, rows.toReversed(), options),
    ]);
    assert.equal((reports[0]?.added ?? 0) + (reports[1]?.added ?? 0), 300);
    assert.deepEqual(
      reports.flatMap((report) => report.conflicts),
      [],
    );
    assert.equal(await count(), 300);
  });

  test('and people who hold the same handles get in nobody’s way', async () => {
    const handles = Array.from({ length: 100 }, (_, at) => `legacy.${at}`);
    const [report, ...answers] = await Promise.all([
      run(rowsOf(...handles), { batchSize: 10 }),
      ...handles.map((handle) =>
        registry.other.transaction((tx) => holdHandle(tx, hold({ handle }))),
      ),
    ]);
    const held = answers.filter((answer) => answer === 'held').length;
    assert.equal(report.added + held, 100);
    assert.equal(report.conflicts.length, held);
  });
});
