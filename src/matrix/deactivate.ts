import { record } from '../audit/events.ts';
import { GiveUp, type Task } from '../jobs/task.ts';
import { findOrphanedUser, markDeactivated } from './accounts.store.ts';
import { authProviders } from './matrix-users.store.ts';
import { isMapped } from './ownership.ts';
import type { MatrixTaskOptions } from './provision.ts';

/**
 * Ends the Matrix user of a deleted account, if it is ours. Queued in the transaction that makes
 * the handle a tombstone.
 */
export function deactivateTask({
  database,
  synapse,
  serverName,
}: MatrixTaskOptions): Task<'deactivate-matrix-user'> {
  return async ({ accountId, erase }) => {
    const left = await findOrphanedUser(database, accountId);
    if (!left || left.state === 'conflict' || left.state === 'deactivated') return;
    const { handle, tenantId } = left;
    const user = await synapse.readUser(`@${handle}:${serverName}`);
    if (user) {
      const providers = await authProviders(database, tenantId);
      if (!left.ours && !isMapped(user, accountId, providers)) {
        throw new GiveUp('The Matrix user is not known to be ours: deactivate it by hand');
      }
      if (!user.deactivated || (erase && !user.erased)) {
        await synapse.deactivateUser(user.name, { erase });
      }
    }
    await database.transaction(async (tx) => {
      await markDeactivated(tx, { handle, accountId });
      await record(tx, {
        action: 'matrix_user.deactivated',
        actor: 'system',
        tenantId,
        target: accountId,
      });
    });
  };
}
