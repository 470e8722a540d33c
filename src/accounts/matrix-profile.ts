import { record } from '../audit/events.ts';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { type Account, lockAccount } from './accounts.store.ts';
import { setMatrixAccess } from './matrix-profile.store.ts';

/** Has the worker show the account's name and address on its Matrix user, in the caller's transaction. */
export function showOnMatrix(tx: Queryable, accountId: string): Promise<void> {
  return enqueue(tx, 'update-matrix-profile', { accountId });
}

/** Has the worker give or take access on the homeserver, as the account now says. */
export function syncMatrixAccess(tx: Queryable, accountId: string): Promise<void> {
  return enqueue(tx, 'sync-matrix-access', { accountId });
}

const actions = { revoked: 'account.matrix_revoked', active: 'account.matrix_restored' } as const;

export type MatrixAccessOrder = {
  accountId: string;
  access: 'active' | 'revoked';
  actor: string;
  /** The platform's program whose word it is. */
  clientId?: string;
  /**
   * Whether it is the word of who administers this tenant only. Without that and without a program it is an
   * operator's, which neither undoes.
   */
  ofTenant?: boolean;
};

/**
 * Takes access to Matrix away, or gives it back: we refuse its sign-ins to Matrix from now on, and the
 * worker locks the Matrix user and removes its devices. Signing in elsewhere goes on.
 *
 * @returns the account as it was before
 * @throws AppError `revoked_by_operator` (403) to a platform or a tenant's administrator, `account_not_found` (404)
 */
export async function changeMatrixAccess(
  tx: Queryable,
  { accountId, access, actor, clientId, ofTenant = false }: MatrixAccessOrder,
): Promise<Account> {
  const account = await lockAccount(tx, accountId);
  const byOperator = clientId === undefined && !ofTenant;
  // An operator may make a platform's revocation their own.
  const takesOver = byOperator && access === 'revoked' && !account.matrixRevokedByOperator;
  if (access === account.matrixAccess && !takesOver) return account;
  if (account.matrixRevokedByOperator && !byOperator) {
    throw new AppError('revoked_by_operator', {
      message: 'The operator took this access away: only the operator gives it back.',
    });
  }
  await setMatrixAccess(tx, accountId, { access, byOperator });
  await syncMatrixAccess(tx, accountId);
  await record(tx, {
    action: actions[access],
    actor,
    clientId,
    tenantId: account.tenantId,
    target: accountId,
  });
  return account;
}
