import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { lockAccount } from './accounts.store.ts';
import type { Outside } from './lifecycle.ts';

/**
 * Signs an account out on somebody else's word, as if the person had done so in every browser:
 * applications are told, so that Matrix devices end.
 *
 * @throws AppError `account_not_found` (404)
 */
export async function signOutAccount(
  tx: Transaction,
  { accountId, actor }: { accountId: string; actor: string },
  { endSessions }: Pick<Outside, 'endSessions'>,
): Promise<void> {
  const { tenantId } = await lockAccount(tx, accountId);
  await endSessions(tx, accountId);
  await record(tx, { action: 'account.signed_out', actor, tenantId, target: accountId });
}
