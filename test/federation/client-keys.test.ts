import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import {
  keysInUse,
  loadClientKeys,
  rotateClientKeys,
  rotateDueClientKeys,
} from '../../src/federation/client-keys.ts';
import { reencryptDataKeys } from '../../src/secrets/data-key.store.ts';
import { KeyRing } from '../../src/secrets/keyring.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

const day = 24 * 3_600_000;

describe('the keys by which other providers know us', () => {
  let place: TestDatabase;
  let database: Database;
  const oldKey = randomBytes(32);
  const ring = new KeyRing([oldKey]);

  beforeAll(async () => {
    place = await testDatabase();
    database = await openDatabase({ url: place.url, poolSize: 4 });
  });

  afterAll(async () => {
    await database.close();
    await place.drop();
  });

  beforeEach(() => database.query('delete from data_keys'));

  const kidsAt = async (now: number) =>
    keysInUse(await loadClientKeys({ database, ring }), now).map(({ kid }) => kid);

  test('instances that start at once agree on one key, which signs at once', async () => {
    const parts = { database, ring };
    const all = await Promise.all(Array.from({ length: 4 }, () => loadClientKeys(parts)));
    assert.equal(new Set(all.map((keys) => JSON.stringify(keys))).size, 1);
    assert.equal((await kidsAt(Date.now())).length, 1);
  });

  test('a new key is published for a day before it signs, and the old one for a day after', async () => {
    const [old] = await kidsAt(Date.now());
    const now = Date.now();
    await rotateClientKeys({ database, ring }, { now });
    const [first, coming] = await kidsAt(now);
    assert.equal(first, old);
    assert.ok(coming && coming !== old);
    assert.deepEqual(await kidsAt(now + day + 1), [coming, old]);
    assert.deepEqual(await kidsAt(now + 2 * day + 1), [coming]);
  });

  test('the schedule rotates after 90 days, once for all instances', async () => {
    const parts = { database, ring };
    const [old] = await kidsAt(Date.now());
    await rotateDueClientKeys(parts, Date.now() + 89 * day);
    assert.deepEqual(await kidsAt(Date.now()), [old]);
    const due = Date.now() + 91 * day;
    await Promise.all(Array.from({ length: 3 }, () => rotateDueClientKeys(parts, due)));
    assert.equal((await kidsAt(due)).length, 2);
  });

  test('they lie sealed and are sealed anew with all others', async () => {
    const before = await kidsAt(Date.now());
    const [row] = await database.query<{ sealed: string }>('select sealed from data_keys');
    assert.doesNotMatch(String(row?.sealed), /"d"|kty/);
    const newKey = randomBytes(32);
    assert.equal(await reencryptDataKeys(database, new KeyRing([newKey, oldKey])), 1);
    const keys = await loadClientKeys({ database, ring: new KeyRing([newKey]) });
    assert.deepEqual(
      keysInUse(keys).map(({ kid }) => kid),
      before,
    );
  });
});
