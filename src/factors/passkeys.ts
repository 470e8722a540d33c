import { lockAccount } from '../accounts/accounts.store.ts';
import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { factorsChanged, type Telling } from './factors.ts';
import { deletePasskey, setPasskeyName } from './passkeys.store.ts';

type Change = {
  accountId: string;
  /** The passkey's, not the credential's. */
  id: string;
  /** Who does it, for the audit: the account itself unless given. */
  actor?: string;
};

/**
 * Changes nothing of what it proves, so nobody is told.
 *
 * @throws AppError `passkey_not_found` (404) for one that is not the account's; `account_not_found` (404)
 */
export async function renamePasskey(
  tx: Transaction,
  { accountId, id, name, actor = accountId }: Change & { name: string },
): Promise<void> {
  const { tenantId } = await lockAccount(tx, accountId);
  if (!(await setPasskeyName(tx, { id, accountId, name }))) throw new AppError('passkey_not_found');
  await record(tx, {
    ...{ action: 'factor.renamed', actor, target: accountId, tenantId },
    detail: { factor: 'passkey', passkey: id },
  });
}

/**
 * Whoever has it cannot sign in by it any more; sessions stay.
 *
 * @throws AppError `passkey_not_found` (404) for one that is not the account's; `account_not_found` (404)
 */
export async function removePasskey(
  tx: Transaction,
  { accountId, id, actor }: Change,
  telling: Telling,
): Promise<void> {
  const account = await lockAccount(tx, accountId);
  const removed = await deletePasskey(tx, { id, accountId });
  if (removed === undefined) throw new AppError('passkey_not_found');
  await factorsChanged(tx, { account, actor, change: 'passkey_removed' }, telling);
}
