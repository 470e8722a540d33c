import assert from 'node:assert/strict';
import { afterAll, beforeAll, beforeEach, describe, onTestFinished, test } from 'vitest';
import { allowUpkeep } from '../../src/audit/audit.store.ts';
import { onEvent, record } from '../../src/audit/events.ts';
import { retainAudit } from '../../src/audit/retention.ts';
import type { Database, Queryable } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { atomically, withRoomLock } from '../../src/matrix/rooms/lock.store.ts';
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

describe('the log and the metrics', () => {
  const heard: (string | null | undefined)[] = [];
  beforeAll(() => onEvent(({ target }) => heard.push(target)));
  beforeEach(() => {
    heard.length = 0;
  });
  const write = (db: Queryable, target: string) =>
    record(db, { action: 'account.created', actor: 'operator', target });
  const giveUp = () => Promise.reject(new Error('given up'));

  test('hear of what happened after its commit, never of what was rolled back', async () => {
    await assert.rejects(database.transaction((tx) => write(tx, 'undone').then(giveUp)));
    await database.transaction(async (tx) => {
      await write(tx, 'done');
      assert.deepEqual(heard, []);
    });
    await write(database, 'at once');
    assert.deepEqual(heard, ['done', 'at once']);
  });

  test('hear the same of a session that works on a room', async () => {
    await withRoomLock(database, 'a room', async (db) => {
      await assert.rejects(atomically(db, () => write(db, 'undone').then(giveUp)));
      await atomically(db, async () => {
        await write(db, 'done');
        assert.deepEqual(heard, []);
      });
      await write(db, 'at once');
    });
    assert.deepEqual(heard, ['done', 'at once']);
  });

  test('change nothing of what they hear of, when they fail', async () => {
    const reports: unknown[] = [];
    const own = await openDatabase({
      url: place.url,
      poolSize: 3,
      onAfterCommitError(error) {
        reports.push(error);
        throw new Error('the log is full');
      },
    });
    onTestFinished(() => own.close());
    const wrong = new Error('no such label');
    onEvent(({ target }) => {
      if (target?.startsWith('hard to count')) throw wrong;
    });
    const after: (string | null | undefined)[] = [];
    onEvent(({ target }) => after.push(target));

    const committed = await own.transaction(async (tx) => {
      await write(tx, 'hard to count');
      await write(tx, 'easy to count');
      return 'committed';
    });
    assert.equal(committed, 'committed');
    await write(own, 'hard to count, at once');
    await withRoomLock(own, 'a room', (db) =>
      atomically(db, () => write(db, 'hard to count, in a room')),
    );
    const everything = [
      'hard to count',
      'easy to count',
      'hard to count, at once',
      'hard to count, in a room',
    ];
    assert.deepEqual(after, everything);
    assert.deepEqual(heard, everything);
    assert.deepEqual(reports, [wrong, wrong, wrong]);
    assert.equal(own.afterCommitErrors, 3);
    const rows = await own.query<{ target: string }>('select target from audit order by id');
    assert.deepEqual(
      rows.map((row) => row.target),
      everything,
    );
  });
});

describe('an audit row', () => {
  for (const statement of [
    `update audit set actor = 'nobody'`,
    'delete from audit',
    'truncate audit',
  ]) {
    test(`outlives: ${statement}`, async () => {
      await record(database, { action: 'job.retried', actor: 'system' });
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
