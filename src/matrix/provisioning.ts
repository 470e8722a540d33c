import type { Provisioning } from '../accounts/reserve-handle.ts';
import type { Database } from '../database/database.ts';
import { beginProvisioning, waitForProvisioning } from './matrix-users.store.ts';

/** Has a worker make the Matrix users of new handles, or find that they are someone else's. */
export function provisioningBy(database: Database): Provisioning {
  return {
    async begin(tx, user) {
      await beginProvisioning(tx, user);
    },
    wait: (user) => waitForProvisioning(database, user),
  };
}
