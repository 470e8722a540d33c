import type { Transaction } from '../database/database.ts';
import { lockAccount, setPasswordHash } from './accounts.store.ts';

/**
 * At the end of a sign-up: the password of an account that has none. One that was set meanwhile, in another
 * tab, stays: changing it is another act, which wants a proof and ends sessions.
 *
 * @throws AppError `account_not_found` (404)
 */
export async function setFirstPassword(
  tx: Transaction,
  { accountId, passwordHash }: { accountId: string; passwordHash: string },
): Promise<void> {
  const { hasPassword } = await lockAccount(tx, accountId);
  if (!hasPassword) await setPasswordHash(tx, accountId, passwordHash);
}
