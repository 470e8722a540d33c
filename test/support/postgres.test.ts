import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { testDatabase } from './postgres.ts';

test('every test database is fresh and migrated', async () => {
  const databases = await Promise.all([testDatabase(), testDatabase()]);
  for (const { url } of databases) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query('SELECT count(*)::int AS migrations FROM migrations');
    assert.ok(rows[0].migrations > 0);
    await client.end();
  }
  assert.notEqual(databases[0]?.url, databases[1]?.url);
  for (const { drop } of databases) await drop();
});
