import type { Database, Transaction } from '../database/database.ts';
import type { Hold } from '../handles/handles.store.ts';
import { concedeHold, holdHandle } from '../handles/hold.ts';

/** Makes the Matrix user of a handle before its account exists; absent without a homeserver token. */
export type Provisioning = {
  begin(tx: Transaction, user: { handle: string; accountId: string }): Promise<void>;
  /** Waits up to five seconds. */
  wait(user: { handle: string; accountId: string }): Promise<'ready' | 'conflict' | 'pending'>;
};

/**
 * Holds a handle for an account that is about to be made, and has the homeserver make its user where
 * that comes before the account. A name that somebody has there already is theirs for good.
 *
 * @returns `provisioning_unavailable` when no worker or no homeserver answers; the hold stays
 */
export async function reserveHandle(
  { database, provisioning }: { database: Database; provisioning?: Provisioning },
  hold: Hold,
): Promise<'ready' | 'taken' | 'provisioning_unavailable'> {
  const { handle, accountId } = hold;
  const held = await database.transaction(async (tx) => {
    const outcome = await holdHandle(tx, hold);
    if (outcome === 'held') await provisioning?.begin(tx, { handle, accountId });
    return outcome;
  });
  if (held === 'taken') return 'taken';
  const state = (await provisioning?.wait({ handle, accountId })) ?? 'ready';
  if (state === 'conflict') {
    await database.transaction((tx) => concedeHold(tx, accountId, handle));
    return 'taken';
  }
  return state === 'pending' ? 'provisioning_unavailable' : 'ready';
}
