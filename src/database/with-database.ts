import type { Config } from '../config/config.ts';
import type { Database } from './database.ts';
import { explained } from './explain.ts';
import { openDatabase } from './open.ts';

/** A command does one thing after the other, and must leave the database's slots to the service. */
export const poolSize = '3';

/**
 * Works on the database that the service uses, as it is: the embedded one is joined, or started for
 * this long. Loads nothing of the service itself, which takes longer than most commands.
 */
export async function withDatabase<T>(
  { databaseUrl, dataDir, databasePoolSize }: Config,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  if (!databaseUrl) {
    const { startEmbedded } = await import('./embedded.ts');
    const embedded = await startEmbedded({ dataDir });
    try {
      return await on(embedded.url, databasePoolSize, work);
    } finally {
      await embedded.stop();
    }
  }
  return on(databaseUrl, databasePoolSize, work);
}

async function on<T>(url: string, size: number, work: (database: Database) => Promise<T>) {
  const database = await openDatabase({ url, poolSize: size, name: 'openmeet-id cli' });
  try {
    return await work(database);
  } catch (error) {
    throw explained(error, url);
  } finally {
    await database.close();
  }
}
