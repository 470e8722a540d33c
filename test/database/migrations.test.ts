import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished, test } from 'vitest';
import { migrations } from '../../migrations/index.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { testDatabase } from '../support/postgres.ts';

const folder = resolve(import.meta.dirname, '../../migrations');

test('each migration is listed once, in the order of their times', async () => {
  const files = readdirSync(folder).filter((name) => /^\d+-/.test(name));
  const found = [];
  for (const file of files.toSorted()) {
    found.push(...Object.values(await import(pathToFileURL(join(folder, file)).href)));
  }
  assert.deepEqual(migrations, found);
});

test('a database that is up to date is not migrated again', async () => {
  const { url, drop } = await testDatabase();
  const database = await openDatabase({ url, poolSize: 2 });
  onTestFinished(async () => {
    await database.close();
    await drop();
  });
  await migrate(database);
  const asked: string[] = [];
  database.dataSource.subscribers.push({ afterQuery: ({ query }) => void asked.push(query) });
  await migrate(database);
  assert.deepEqual(asked, []);
});
