import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.ts';
import { Database } from './database.ts';
import { entities } from './entities.ts';

export type DatabaseOptions = {
  url: string;
  /** Connections this process may hold; nothing ever waits for a second one inside a transaction. */
  poolSize: number;
};

/** Connects, but changes nothing: see `migrate`. */
export async function openDatabase({ url, poolSize }: DatabaseOptions): Promise<Database> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    poolSize,
    applicationName: 'openmeet-id',
    entities,
    migrations,
    migrationsTableName: 'migrations',
    logging: false,
    extra: { connectionTimeoutMillis: 10_000, idleTimeoutMillis: 60_000 },
  });
  await dataSource.initialize();
  return new Database(dataSource);
}
