import type { Queryable } from '../database/database.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { setMatrixAccess } from './matrix-profile.store.ts';

/** Has the worker show the account's name and address on its Matrix user, in the caller's transaction. */
export function showOnMatrix(tx: Queryable, accountId: string): Promise<void> {
  const key = `update-matrix-profile:${accountId}`;
  return enqueue(tx, 'update-matrix-profile', { accountId }, { key });
}

/** Has the worker give or take access on the homeserver, as the account now says. */
export function syncMatrixAccess(tx: Queryable, accountId: string): Promise<void> {
  return enqueue(
    tx,
    'sync-matrix-access',
    { accountId },
    { key: `sync-matrix-access:${accountId}` },
  );
}

/** What the audit trail calls it. */
export const matrixAccessActions = {
  revoked: 'account.matrix_revoked',
  active: 'account.matrix_restored',
} as const;

/**
 * Takes access to Matrix away, or gives it back: we refuse its sign-ins to Matrix from now on, and the
 * worker locks the Matrix user and removes its devices. Signing in elsewhere goes on.
 */
export async function changeMatrixAccess(
  tx: Queryable,
  accountId: string,
  access: 'active' | 'revoked',
): Promise<void> {
  await setMatrixAccess(tx, accountId, access);
  await syncMatrixAccess(tx, accountId);
}
