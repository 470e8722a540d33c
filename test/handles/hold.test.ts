import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import {
  accountOf,
  deleteExpiredHolds,
  type Hold,
  holdOf,
} from '../../src/handles/handles.store.ts';
import {
  activateHandle,
  concedeHold,
  holdHandle,
  releaseHold,
  tombstoneHandle,
} from '../../src/handles/hold.ts';
import { useRegistry } from './registry.ts';

const registry = useRegistry();
const { hold } = registry;

const ask = (wanted: Hold, db = registry.db) => db.transaction((tx) => holdHandle(tx, wanted));

const activate = (wanted: Hold) => registry.db.transaction((tx) => activateHandle(tx, wanted));

async function handleOf(accountId: string): Promise<string | undefined> {
  const [row] = await registry.db.query<{ handle: string }>(
    `select handle from handles where account_id = $1 and state = 'active'`,
    [accountId],
  );
  return row?.handle;
}

async function register(wanted: Hold): Promise<void> {
  assert.equal(await ask(wanted), 'held');
  await activate(wanted);
}

const handleTaken = (error: unknown) => error instanceof AppError && error.code === 'handle_taken';

beforeEach(() => registry.db.query('delete from handles'));

describe('holding a handle', () => {
  test('keeps it from others until the hold ends', async () => {
    assert.equal(await ask(hold()), 'held');
    assert.equal(await ask(hold()), 'taken');
    await registry.expire('john.doe');
    assert.equal(await ask(hold()), 'held');
  });

  test('again does not extend it', async () => {
    const first = hold();
    await ask(first);
    await registry.db.query(`update handles set held_until = held_until - interval '4 minutes'`);
    const before = await registry.row('john.doe');
    assert.equal(await ask(first), 'held');
    assert.deepEqual((await registry.row('john.doe'))?.held_until, before?.held_until);
  });

  test('again for another account moves the hold to that account', async () => {
    const first = hold();
    const second = hold({ heldBy: first.heldBy });
    await ask(first);
    assert.equal(await ask(second), 'held');
    await assert.rejects(activate(first), handleTaken);
    await activate(second);
  });

  test('gives up the one held before', async () => {
    const first = hold();
    await ask(first);
    assert.equal(await ask({ ...first, handle: 'johnny' }), 'held');
    assert.equal(await registry.row('john.doe'), undefined);
    assert.equal((await holdOf(registry.db, first.heldBy))?.handle, 'johnny');
    assert.equal(await ask(hold()), 'held');
  });

  test('keeps the one held before when the other cannot be had', async () => {
    const first = hold();
    await ask(first);
    await ask(hold({ handle: 'johnny' }));
    assert.equal(await ask({ ...first, handle: 'johnny' }), 'taken');
    assert.equal((await holdOf(registry.db, first.heldBy))?.handle, 'john.doe');
  });

  test('never takes the name of a tenant', async () => {
    assert.equal(await ask(hold({ handle: 'acme' })), 'taken');
    assert.equal(await registry.row('acme'), undefined);
  });

  test('never takes an active or tombstoned handle, not even from oneself', async () => {
    const mine = hold();
    await register(mine);
    assert.equal(await ask(mine), 'taken');
    await registry.db.transaction((tx) => tombstoneHandle(tx, mine.accountId));
    assert.equal(await ask(mine), 'taken');
  });

  test('compares imported handles without their case', async () => {
    await registry.db.query(
      `insert into handles (handle, state, imported) values ('John.Doe', 'tombstoned', true)`,
    );
    assert.equal(await ask(hold()), 'taken');
  });

  test('is refused for what was not normalised', async () => {
    await assert.rejects(ask(hold({ handle: 'John' })), /handle_invalid/);
  });
});

describe('racing for a handle', () => {
  test('200 people at two instances: exactly one gets it', async () => {
    const people = Array.from({ length: 200 }, () => hold());
    const answers = await Promise.all(
      people.map((one, at) => ask(one, at % 2 ? registry.db : registry.other)),
    );
    assert.equal(answers.filter((answer) => answer === 'held').length, 1);
    const winner = people[answers.indexOf('held')];
    assert.equal((await registry.row('john.doe'))?.account_id, winner?.accountId);
    const rows = await registry.db.query('select from handles');
    assert.equal(rows.length, 1);
  });

  test('200 people for a hold that ended: exactly one gets it', async () => {
    await ask(hold());
    await registry.expire('john.doe');
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => ask(hold(), at % 2 ? registry.db : registry.other)),
    );
    assert.equal(answers.filter((answer) => answer === 'held').length, 1);
  });

  test('one person with many tabs ends up with one hold', async () => {
    const { heldBy } = hold();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        ask(hold({ heldBy, handle: `tab${at % 4}` }), at % 2 ? registry.db : registry.other),
      ),
    );
    assert.ok(answers.every((answer) => answer === 'held'));
    assert.equal((await registry.db.query('select from handles')).length, 1);
  });

  test('people who swap their ended holds do not block each other for good', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [ann, bob] = [hold({ handle: 'ann' }), hold({ handle: 'bob' })];
      await ask(ann);
      await ask(bob);
      await registry.expire('ann');
      await registry.expire('bob');
      const answers = await Promise.all([
        ask({ ...ann, handle: 'bob' }),
        ask({ ...bob, handle: 'ann' }, registry.other),
      ]);
      assert.ok(answers.includes('held'));
      await registry.db.query('delete from handles');
    }
  });

  test('a transaction that fails gives the handle back', async () => {
    const failed = registry.db.transaction(async (tx) => {
      assert.equal(await holdHandle(tx, hold()), 'held');
      throw new Error('the account could not be made');
    });
    await assert.rejects(failed);
    assert.equal(await ask(hold()), 'held');
  });
});

describe('activating a handle', () => {
  test("makes it the account's", async () => {
    const mine = hold();
    await register(mine);
    assert.equal(await handleOf(mine.accountId), 'john.doe');
    assert.equal(await accountOf(registry.db, 'John.Doe'), mine.accountId);
    assert.equal((await registry.row('john.doe'))?.held_by, null);
    assert.equal(await holdOf(registry.db, mine.heldBy), undefined);
  });

  test('happens once', async () => {
    const mine = hold();
    await register(mine);
    await assert.rejects(activate(mine), handleTaken);
  });

  test('still works after the hold ended while nobody else came', async () => {
    const mine = hold();
    await ask(mine);
    await registry.expire('john.doe');
    await activate(mine);
    assert.equal(await handleOf(mine.accountId), 'john.doe');
  });

  test('fails when somebody else has taken the ended hold', async () => {
    const mine = hold();
    await ask(mine);
    await registry.expire('john.doe');
    await ask(hold());
    await assert.rejects(activate(mine), handleTaken);
  });

  test('and taking the ended hold at once: one of the two succeeds', async () => {
    for (let round = 0; round < 20; round += 1) {
      const mine = hold({ handle: `round${round}` });
      const theirs = hold({ handle: `round${round}` });
      await ask(mine);
      await registry.expire(mine.handle);
      const [activated, answer] = await Promise.all([
        activate(mine).then(
          () => true,
          () => false,
        ),
        ask(theirs, registry.other),
      ]);
      assert.equal(activated, answer === 'taken');
    }
  });
});

describe('the end of a handle', () => {
  test('is a tombstone that names no account any more but is never free', async () => {
    const mine = hold();
    await register(mine);
    const kept = await registry.db.transaction((tx) => tombstoneHandle(tx, mine.accountId));
    assert.equal(kept, 'john.doe');
    assert.equal(await accountOf(registry.db, 'john.doe'), undefined);
    assert.equal(await handleOf(mine.accountId), undefined);
    assert.equal((await registry.row('john.doe'))?.state, 'tombstoned');
    assert.equal(await ask(hold()), 'taken');
  });

  test('is nothing for an account without one', async () => {
    const kept = await registry.db.transaction((tx) => tombstoneHandle(tx, randomUUID()));
    assert.equal(kept, undefined);
  });

  test('a given up sign-up frees its hold, and never an active handle', async () => {
    const mine = hold();
    await ask(mine);
    await registry.db.transaction((tx) => releaseHold(tx, mine.accountId));
    assert.equal(await registry.row('john.doe'), undefined);
    await register(mine);
    await registry.db.transaction((tx) => releaseHold(tx, mine.accountId));
    assert.equal((await registry.row('john.doe'))?.state, 'active');
  });

  test('a name that the homeserver has already is taken for good', async () => {
    const mine = hold();
    await ask(mine);
    await registry.db.transaction((tx) => concedeHold(tx, mine.accountId));
    assert.equal((await registry.row('john.doe'))?.state, 'tombstoned');
    assert.equal(await ask(mine), 'taken');
    assert.equal(await ask({ ...mine, handle: 'johnny' }), 'held');
  });

  test('a name that the homeserver has does not cost the person the next one', async () => {
    const mine = hold({ handle: 'johnny' });
    await ask(mine);
    await registry.db.transaction((tx) => concedeHold(tx, mine.accountId, 'john.doe'));
    await activate(mine);
  });

  test('holds that ended long ago are removed in batches, nothing else is', async () => {
    for (const handle of ['old1', 'old2', 'old3', 'late', 'live']) await ask(hold({ handle }));
    for (const handle of ['old1', 'old2', 'old3']) await registry.expire(handle, '2 hours');
    await registry.expire('late', '1 minute');
    await register(hold({ handle: 'anna' }));
    assert.equal(await deleteExpiredHolds(registry.db, 2), 2);
    assert.equal(await deleteExpiredHolds(registry.db, 2), 1);
    const left = await registry.db.query<{ handle: string }>(
      'select handle from handles order by handle',
    );
    assert.deepEqual(
      left.map((row) => row.handle),
      ['anna', 'late', 'live'],
    );
  });
});
