import assert from 'node:assert/strict';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { allowUpkeep } from '../../src/audit/audit.store.ts';
import { record } from '../../src/audit/events.ts';
import { retainAudit } from '../../src/audit/retention.ts';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

let place: TestDatabase;
let database: Database;

beforeAll(async () => {
  place = await testDatabase();
  database = await openDatabase({ url: place.url, poolSize: 3 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(() =>
  database.transaction(async (tx) => {
    await allowUpkeep(tx);
    await tx.query('truncate audit');
  }),
);

/** `count` rows of one moment. */
const rowsFrom = (daysAgo: number, count = 1) =>
  database.query(
    `insert into audit (at, actor, action, address, outcome)
      select now() - make_interval(days => $1), 'system', 'test.happened', '192.0.2.7', 'success'
        from generate_series(1, $2::int)`,
    [daysAgo, count],
  );

describe('an audit row', () => {
  for (const statement of [
    `update audit set actor = 'nobody'`,
    'delete from audit',
    'truncate audit',
  ]) {
    test(`outlives: ${statement}`, async () => {
      await record(database, { action: 'test.happened', actor: 'system' });
      await assert.rejects(database.query(statement), /audit rows are never changed/);
      assert.equal((await database.query('select from audit')).length, 1);
    });
  }

  test('outlives whatever comes after an upkeep on the same connection', async () => {
    await rowsFrom(0);
    const alone = await openDatabase({ url: place.url, poolSize: 1 });
    try {
      await retainAudit(alone);
      await assert.rejects(alone.query('delete from audit'), /never changed/);
    } finally {
      await alone.close();
    }
  });
});

test('rows are kept for 400 days and addresses for 90, however many there are', async () => {
  await rowsFrom(401, 12_000);
  await rowsFrom(399, 2);
  await rowsFrom(91, 7_000);
  await rowsFrom(89, 3);
  await retainAudit(database);
  const [left] = await database.query<Record<string, number>>(
    `select count(*)::int as rows, count(address)::int as addresses,
      count(*) filter (where at < now() - interval '398 days')::int as old from audit`,
  );
  assert.deepEqual(left, { rows: 7_005, addresses: 3, old: 2 });
});
