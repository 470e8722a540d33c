import type { Database, Transaction } from '../database/database.ts';

class RolledBack extends Error {}

/** Does work and takes it back: what it returns tells exactly what it would have done. */
export async function dryRun<T>(
  database: Pick<Database, 'transaction'>,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  let result: { value: T } | undefined;
  try {
    await database.transaction(async (tx) => {
      result = { value: await work(tx) };
      throw new RolledBack();
    });
  } catch (error) {
    if (!(error instanceof RolledBack) || !result) throw error;
  }
  return (result as { value: T }).value;
}
