import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  type AuditFilter,
  allowUpkeep,
  auditRows,
  auditRowsOfAccount,
} from '../../src/audit/audit.store.ts';
import { retainAudit } from '../../src/audit/retention.ts';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { record } from '../../src/events.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

let place: TestDatabase;
let database: Database;

before(async () => {
  place = await testDatabase();
  database = await openDatabase({ url: place.url, poolSize: 3 });
});
after(async () => {
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
const rowsFrom = (daysAgo: number, count = 1, actor = 'system') =>
  database.query(
    `insert into audit (at, actor, action, address, outcome)
      select now() - make_interval(days => $1), $3, 'test.happened', '192.0.2.7', 'success'
        from generate_series(1, $2::int)`,
    [daysAgo, count, actor],
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
      assert.equal((await auditRows(database, { limit: 10 })).length, 1);
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

describe('the audit is read', () => {
  const readAll = async (filter: Omit<AuditFilter, 'limit' | 'afterId'>, limit: number) => {
    const rows = [];
    let page = await auditRows(database, { ...filter, limit });
    while (page.length > 0) {
      rows.push(...page);
      page = await auditRows(database, { ...filter, limit, afterId: page.at(-1)?.id });
    }
    return rows;
  };

  test('page by page, each row once, in the order of time', async () => {
    await rowsFrom(1, 5, 'later');
    await rowsFrom(9, 5, 'earlier');
    await rowsFrom(5, 5, 'between');
    const rows = await readAll({}, 4);
    assert.equal(new Set(rows.map(({ id }) => id)).size, 15);
    const actors = rows.map(({ actor }) => actor);
    assert.deepEqual([...new Set(actors)], ['earlier', 'between', 'later']);
    const days = (count: number) => new Date(Date.now() - count * 86_400_000);
    const some = await readAll({ since: days(6), until: days(2) }, 2);
    assert.deepEqual(new Set(some.map(({ actor }) => actor)), new Set(['between']));
    assert.equal(some.length, 5);
  });

  test('for one tenant, without rows of others or of none', async () => {
    const [tenantId, other] = [randomUUID(), randomUUID()];
    for (const it of [tenantId, other, null]) {
      await record(database, { action: 'test.happened', actor: 'system', tenantId: it });
    }
    const rows = await auditRows(database, { tenantId, limit: 10 });
    assert.deepEqual(
      rows.map((row) => row.tenantId),
      [tenantId],
    );
  });

  test('by the person it is about, without the address of whoever else acted', async () => {
    const [accountId, admin] = [randomUUID(), randomUUID()];
    await rowsFrom(1, 1, accountId);
    await database.query(
      `insert into audit (actor, action, target, address, outcome)
        values ($1, 'account.disabled', $2, '192.0.2.99', 'success')`,
      [admin, accountId],
    );
    await rowsFrom(1, 1, admin);
    const rows = await auditRowsOfAccount(database, { accountId });
    assert.deepEqual(
      rows.map(({ actor, address }) => [actor, address]),
      [
        [admin, null],
        [accountId, '192.0.2.7'],
      ],
    );
  });
});
