import { resolve } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../../src/database/embedded.ts';

/**
 * Holds the embedded PostgreSQL of the tests for the process that started this one: prints its URL,
 * and lets go when standard input ends, however that process ended. The last one stops the server.
 */
const dataDir = resolve(import.meta.dirname, '../../.cache/test-postgres');

/** Speed over safety: what a power cut destroys is made again. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
};

/** Databases of test processes that died before they could drop them. */
async function dropLeftovers(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const { rows } = await admin.query("SELECT datname FROM pg_database WHERE datname ~ '^test_'");
  for (const { datname } of rows) {
    if (isRunning(Number(datname.split('_')[1]))) continue;
    await admin.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  }
  await admin.end();
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

try {
  const embedded = await startEmbedded({ dataDir, settings });
  await dropLeftovers(embedded.url);
  console.log(embedded.url);
  process.stdin.resume().once('end', () => embedded.stop());
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
