import { type App, createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { Database, type Queryable, type Transaction } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { createLog } from '../../src/http/log.ts';
import type { World } from './world.ts';

export type Statement = { text: string; values: readonly unknown[] };

/** A database that knows what it was asked. */
export class WatchedDatabase extends Database {
  asked: Statement[] = [];

  override query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    this.asked.push({ text, values });
    return super.query<Row>(text, values);
  }

  override transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    this.asked.push({ text: 'begin', values: [] });
    return super.transaction(async (transaction) => {
      const result = await work({ ...transaction, query: this.#watched(transaction) });
      this.asked.push({ text: 'commit', values: [] });
      return result;
    });
  }

  #watched(transaction: Transaction): Queryable['query'] {
    return (text, values = []) => {
      this.asked.push({ text, values });
      return transaction.query(text, values);
    };
  }
}

export type Watched = { app: App; database: WatchedDatabase; stop(): Promise<void> };

/** The web side of a service in this process, where its queries and hashes can be seen. */
export async function serveHere(world: World, env: Record<string, string> = {}): Promise<Watched> {
  await world.service.kill('SIGTERM');
  const { dataDir, databaseUrl, url } = world.service;
  const config = loadConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    PORT: new URL(url).port,
    PUBLIC_URL: url,
    ...env,
  });
  const opened = await openDatabase({ url: databaseUrl, poolSize: 4 });
  const database = new WatchedDatabase(opened.dataSource);
  const { ring, fingerprints } = world;
  const log = createLog(config.logLevel);
  const app = await createApp({ config, database, ring, fingerprints, log });
  await app.listen();
  return {
    app,
    database,
    async stop() {
      await app.stop();
      await database.close();
    },
  };
}
