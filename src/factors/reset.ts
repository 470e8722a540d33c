import { lockAccount } from '../accounts/accounts.store.ts';
import { endEverythingElse, type Outside } from '../accounts/lifecycle.ts';
import type { Transaction } from '../database/database.ts';
import { factorsChanged } from './factors.ts';
import { deletePasskeys } from './passkeys.store.ts';
import { deleteCodes } from './recovery-codes.store.ts';
import { deleteTotp } from './totp.store.ts';

/**
 * Takes all second factors and passkeys from an account on somebody else's word, for a person who has lost
 * them. Its sessions end with all that was begun, and each of its addresses is told.
 *
 * @throws AppError `account_not_found` (404)
 */
export async function resetFactors(
  tx: Transaction,
  { accountId, actor }: { accountId: string; actor: string },
  { endSessions, ...telling }: Outside,
): Promise<void> {
  const account = await lockAccount(tx, accountId);
  await deleteTotp(tx, accountId);
  await deleteCodes(tx, accountId);
  await deletePasskeys(tx, accountId);
  await endEverythingElse(tx, { accountId }, { endSessions });
  await factorsChanged(tx, { account, actor, change: 'factors_reset' }, telling);
}
