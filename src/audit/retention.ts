import type { Database, Transaction } from '../database/database.ts';
import { allowUpkeep, clearAddressesOlderThan, deleteRowsOlderThan } from './audit.store.ts';

/** How long what is kept, in days. */
export const auditRetention = { rows: 400, addresses: 90 };

const batch = 5000;

/** Removes what is older than we promise to keep it; each batch is a transaction of its own. */
export async function retainAudit(database: Database): Promise<void> {
  await untilDone(database, (tx) => deleteRowsOlderThan(tx, auditRetention.rows, batch));
  await untilDone(database, (tx) => clearAddressesOlderThan(tx, auditRetention.addresses, batch));
}

async function untilDone(
  database: Database,
  work: (tx: Transaction) => Promise<number>,
): Promise<void> {
  let changed: number;
  do {
    changed = await database.transaction(async (tx) => {
      await allowUpkeep(tx);
      return work(tx);
    });
  } while (changed === batch);
}
