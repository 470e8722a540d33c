import type { Database, Transaction } from '../database/database.ts';

class GivenUp extends Error {}

/** Does work and takes it back: what it returns tells exactly what it would have done. */
export async function givenUp<T>(
  database: Pick<Database, 'transaction'>,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  let result: { value: T } | undefined;
  try {
    await database.transaction(async (tx) => {
      result = { value: await work(tx) };
      throw new GivenUp();
    });
  } catch (error) {
    if (!(error instanceof GivenUp) || !result) throw error;
  }
  return (result as { value: T }).value;
}
