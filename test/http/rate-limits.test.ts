import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { removeExpired } from '../../src/http/rate-limits.store.ts';
import { type Attempt, addressKey, RateLimits } from '../../src/http/rate-limits.ts';
import { Fingerprints } from '../../src/secrets/fingerprints.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let instances: [Database, Database];
let limits: [RateLimits, RateLimits];

beforeAll(async () => {
  database = await testDatabase();
  const open = () => openDatabase({ url: database.url, poolSize: 8 });
  instances = [await open(), await open()];
  const fingerprints = new Fingerprints(randomBytes(32));
  limits = [new RateLimits(instances[0], fingerprints), new RateLimits(instances[1], fingerprints)];
});

afterAll(async () => {
  for (const instance of instances) await instance.close();
  await database.drop();
});

const budget = (key: string, limit = 3, seconds = 60): Attempt => ({
  name: 'password/identifier',
  key,
  limit,
  seconds,
});

/** As if the window of every key had passed. */
const letTimePass = () =>
  instances[0].query(`update rate_limits set resets_at = now() - interval '1 second'`);

describe('a rate limit', () => {
  test('allows its number of attempts, then says when to try again', async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      assert.deepEqual(await limits[0].take([budget('ann')]), { allowed: true });
    }
    const refused = await limits[0].take([budget('ann')]);
    assert.ok(!refused.allowed);
    assert.equal(refused.name, 'password/identifier');
    const seconds = (refused.retryAt.getTime() - Date.now()) / 1000;
    assert.ok(seconds > 50 && seconds <= 61, `${seconds} s`);
  });

  test('does not move the end of its window, however often it is tried', async () => {
    const ends = new Set<number>();
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const [tally] = await limits[0].count([budget('bob')]);
      ends.add(tally?.resetsAt.getTime() ?? 0);
    }
    assert.equal(ends.size, 1);
  });

  test('begins anew when its window is over', async () => {
    for (let attempt = 0; attempt < 4; attempt += 1) await limits[0].take([budget('carol')]);
    await letTimePass();
    assert.deepEqual(await limits[0].take([budget('carol')]), { allowed: true });
  });

  test('counts exactly over two instances at once, on shared keys in any order', async () => {
    const attempt = (index: number) => {
      const keys = [budget('dave', 20), budget('everyone', 1_000), budget(`net ${index % 3}`, 100)];
      return limits[index % 2]?.take(index % 2 ? keys : keys.reverse());
    };
    const results = await Promise.all(Array.from({ length: 60 }, (_, index) => attempt(index)));
    assert.equal(results.filter((result) => result?.allowed).length, 20);
    const [everyone] = await limits[0].count([budget('everyone', 60)]);
    assert.equal(everyone?.exceeded, true, 'the 61st');
  });

  test('counts nothing else where what is counted first refuses', async () => {
    const network: Attempt = { ...budget('network', 2), first: true };
    const made = (index: number) => limits[0].take([budget(`made up ${index}`), network]);
    const kept = async () =>
      (await instances[0].query<{ count: number }>('select count(*)::int from rate_limits'))[0];
    const before = (await kept())?.count ?? 0;
    for (let index = 0; index < 5; index += 1) {
      assert.equal((await made(index)).allowed, index < 2);
    }
    assert.equal((await kept())?.count, before + 3, 'the network, and two names');
  });

  test('names the budget that refuses longest', async () => {
    const both = [budget('erin', 0, 60), budget('erin', 0, 3600)];
    const refused = await limits[0].take(both);
    assert.ok(!refused.allowed);
    assert.ok(refused.retryAt.getTime() > Date.now() + 3_500_000);
  });

  test('is filled by failures only, where successes are given back', async () => {
    const honest = [budget('frank', 2), budget('office', 2)];
    for (let attempt = 0; attempt < 10; attempt += 1) {
      assert.deepEqual(await limits[0].take(honest), { allowed: true });
      await limits[1].giveBack(honest);
    }
    await limits[0].giveBack(honest);
    await limits[0].take(honest);
    await limits[0].take(honest);
    assert.equal((await limits[0].take(honest)).allowed, false, 'never more than was taken');
  });

  test('stores nothing that was typed', async () => {
    await limits[0].take([budget('grace@example.org')]);
    const rows = await instances[0].query<{ key: string }>('select key from rate_limits');
    assert.ok(rows.length > 0);
    for (const { key } of rows) assert.match(key, /^[\w-]{43}$/);
  });

  test('costs one statement for all its budgets', async () => {
    let statements = 0;
    const counting = {
      query<Row>(text: string, values?: readonly unknown[]) {
        statements += 1;
        return instances[0].query<Row>(text, values);
      },
      afterCommit() {},
    };
    const counted = new RateLimits(counting, new Fingerprints(randomBytes(32)));
    await counted.take([budget('a'), budget('b'), budget('c')]);
    assert.equal(statements, 1);
  });
});

test('windows that are over are removed, those that are not stay', async () => {
  await instances[0].query(
    `insert into rate_limits select 'old ' || n, 1, now() - interval '1 minute'
      from generate_series(1, 12000) n`,
  );
  await limits[0].take([budget('heidi')]);
  assert.ok((await removeExpired(instances[0])) >= 12_000);
  const [left] = await instances[0].query<{ old: number; live: number }>(
    `select count(*) filter (where resets_at <= now())::integer as old,
      count(*) filter (where resets_at > now())::integer as live from rate_limits`,
  );
  assert.equal(left?.old, 0);
  assert.ok((left?.live ?? 0) > 0);
});

test('the table of limits costs no write-ahead log', async () => {
  const [table] = await instances[0].query<{ persistence: string }>(
    `select relpersistence as persistence from pg_class where relname = 'rate_limits'`,
  );
  assert.equal(table?.persistence, 'u');
});

describe('the key of an address', () => {
  const keys: Record<string, string> = {
    '192.0.2.7': '192.0.2.7',
    '::ffff:192.0.2.7': '192.0.2.7',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
    '2001:DB8:1:2:ffff::1': '2001:db8:1:2::/64',
    'fe80::1%eth0': 'fe80::/64',
    '::1': '::/64',
    'not an address': 'not an address',
  };
  for (const [address, key] of Object.entries(keys)) {
    test(`of ${address} is ${key}`, () => assert.equal(addressKey(address), key));
  }
});
