import type { Queryable } from '../database/database.ts';
import { enqueue } from '../jobs/enqueue.ts';

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
