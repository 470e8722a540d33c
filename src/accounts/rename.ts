import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { displayName } from '../text/display-name.ts';
import { lockAccount, updateProfile } from './accounts.store.ts';
import { showOnMatrix } from './matrix-profile.ts';

/**
 * Changes what a person is called, here and on Matrix. Nothing happens where that is their name.
 *
 * @throws AppError `name_invalid`, `account_not_found` (404)
 */
export async function renameAccount(
  tx: Transaction,
  { accountId, name, actor }: { accountId: string; name: string; actor: string },
): Promise<void> {
  const wanted = displayName(name);
  if (!wanted) throw new AppError('name_invalid');
  const account = await lockAccount(tx, accountId);
  if (wanted === account.name) return;
  await updateProfile(tx, accountId, { name: wanted });
  await showOnMatrix(tx, accountId);
  await record(tx, {
    action: 'account.profile_changed',
    actor,
    tenantId: account.tenantId,
    target: accountId,
  });
}
