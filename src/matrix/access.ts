import { record } from '../audit/events.ts';
import { syncRoomsOfAccount } from '../entities/matrix-backend.ts';
import { GiveUp, type Task } from '../jobs/task.ts';
import { findMatrixProfile } from './accounts.store.ts';
import { authProviders } from './matrix-users.store.ts';
import { isMapped } from './ownership.ts';
import type { MatrixTaskOptions } from './provision.ts';

/**
 * Makes Synapse agree with whether an account may use Matrix. Synapse never looks at our tokens
 * again after a sign-in, so taking access away is locking the user, which kills its tokens at once,
 * and deleting its devices, which ends its sessions for good. The same user is unlocked later.
 */
export function accessTask({
  database,
  synapse,
  serverName,
}: MatrixTaskOptions): Task<'sync-matrix-access'> {
  return async ({ accountId }) => {
    const access = await findMatrixProfile(database, accountId);
    if (!access || access.state === 'conflict' || access.state === 'deactivated') return;
    // Reading first: locking a user that does not exist would create an unlocked one.
    const user = await synapse.readUser(`@${access.handle}:${serverName}`);
    if (!user || user.deactivated) return;
    const providers = await authProviders(database, access.tenantId);
    if (!access.ours && !isMapped(user, accountId, providers)) {
      throw new GiveUp('The Matrix user is not known to be ours: lock it by hand');
    }
    const locked = !access.allowed;
    if (user.locked !== locked) await synapse.changeUser(user.name, { locked });
    if (locked) await synapse.deleteDevices(user.name);
    await database.transaction(async (tx) => {
      // Whoever was told to belong meanwhile could not be put in.
      if (!locked) await syncRoomsOfAccount(tx, accountId);
      await record(tx, {
        action: locked ? 'matrix_user.locked' : 'matrix_user.unlocked',
        actor: 'system',
        tenantId: access.tenantId,
        target: accountId,
      });
    });
  };
}
