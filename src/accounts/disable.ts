import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { lockAccount, setStatus } from './accounts.store.ts';
import { endEverythingElse, type Outside } from './lifecycle.ts';
import { syncMatrixAccess } from './matrix-profile.ts';

type Order = { accountId: string; actor: string };

/**
 * The account can neither sign in nor use Matrix, until it is enabled. Everything ends that is open or
 * on its way: sessions, codes, links, merges, hand-offs, changes.
 *
 * @throws AppError `account_not_found` (404)
 */
export async function disableAccount(
  tx: Transaction,
  { accountId, actor }: Order,
  outside: Pick<Outside, 'endSessions'>,
): Promise<void> {
  const { tenantId } = await lockAccount(tx, accountId);
  await setStatus(tx, accountId, 'disabled');
  await endEverythingElse(tx, { accountId }, outside);
  await syncMatrixAccess(tx, accountId);
  await record(tx, { action: 'account.disabled', actor, tenantId, target: accountId });
}

/**
 * Ends that. The worker unlocks the Matrix user, and brings it into the rooms where the person came to
 * belong meanwhile.
 *
 * @throws AppError `account_not_found` (404)
 */
export async function enableAccount(tx: Transaction, { accountId, actor }: Order): Promise<void> {
  const { tenantId } = await lockAccount(tx, accountId);
  await setStatus(tx, accountId, 'active');
  await syncMatrixAccess(tx, accountId);
  await record(tx, { action: 'account.enabled', actor, tenantId, target: accountId });
}
