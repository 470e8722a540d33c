import type { Pool, PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.ts';
import { isTracing } from '../tracing/span.ts';
import { Database } from './database.ts';
import { entities } from './entities.ts';
import { explainDatabase } from './explain.ts';
import { querySpans } from './query-span.ts';

export type DatabaseOptions = {
  url: string;
  /** Connections this process may hold; nothing ever waits for a second one inside a transaction. */
  poolSize: number;
  /** By which PostgreSQL shows its connections; `openmeet-id` is who serves or works. */
  name?: string;
  /** Hears why something could not be done after a commit; else standard error does. */
  onAfterCommitError?: (error: unknown) => void;
};

/**
 * Connects, but changes nothing: see `migrate`.
 * @throws AppError `database_unusable` that names the setting and what to do
 */
export async function openDatabase({
  url,
  poolSize,
  name = 'openmeet-id',
  onAfterCommitError,
}: DatabaseOptions): Promise<Database> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    poolSize,
    applicationName: name,
    entities,
    migrations,
    migrationsTableName: 'migrations',
    logging: false,
    extra: { connectionTimeoutMillis: 10_000, idleTimeoutMillis: 60_000 },
  });
  await dataSource.initialize().catch((error) => {
    throw explainDatabase(error, url) ?? error;
  });
  if (isTracing()) dataSource.subscribers.push(querySpans);
  const database = new Database(dataSource, onAfterCommitError);
  surviveLostConnections(database.pool);
  return database;
}

/**
 * A connection that breaks while in use emits `error` besides failing its query; without a listener
 * that ends the process.
 */
function surviveLostConnections(pool: Pool): void {
  const guarded = new WeakSet<PoolClient>();
  const guard = (client: PoolClient) => {
    if (guarded.has(client)) return;
    guarded.add(client);
    client.on('error', () => {});
  };
  pool.on('connect', guard);
  pool.on('acquire', guard);
}
