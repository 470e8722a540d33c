import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { moveFromAccount } from '../entities/move-memberships.ts';
import { AppError } from '../errors.ts';
import type { Account } from './account.ts';
import { lockAccount, setEmail } from './accounts.store.ts';
import { deleteAccount, endEverythingElse, type Outside } from './lifecycle.ts';
import { showOnMatrix } from './matrix-profile.ts';
import { mergeProblem } from './merge-rules.ts';
import { consumeMerge, type MergeKey, moveIdentities } from './merges.store.ts';
import { type Notice, notify } from './notices.ts';

type Pair = { accountId: string; otherAccountId: string };
type Order = Pair & {
  key: MergeKey;
  keptId: string;
  /** The session in which it is done stays, where it is the kept account's. */
  keep?: { sessionUid: string };
};

/**
 * Makes two accounts of one person one: ways to sign in move to the kept one, the other is deleted as
 * any account is. Roles, groups and names on the platform are those of the kept one alone.
 *
 * @throws AppError `merge_outdated` (409) where the pair is not both proved any more, or is done;
 *   `merge_administrator`, `merge_revoked` (403)
 */
export async function mergeAccounts(
  tx: Transaction,
  order: Order,
  outside: Outside,
): Promise<void> {
  const { kept, dropped } = await lockPair(tx, order);
  if (!(await consumeMerge(tx, { ...order, ...order.key }))) throw outdated();
  const { tenantId } = kept;
  await moveIdentities(tx, { from: dropped.id, to: kept.id });
  await moveFromAccount(tx, dropped, { tenantId, accountId: kept.id });
  const notice = noticeOf(kept, dropped);
  await deleteAccount(tx, { accountId: dropped.id, notice }, outside);
  await inheritAddress(tx, kept, dropped);
  await endEverythingElse(tx, { accountId: kept.id, keep: order.keep }, outside);
  const by = { actor: kept.id, target: kept.id, tenantId };
  await record(tx, { action: 'account.merged', ...by, detail: { other: dropped.id } });
  await notify(tx, kept, notice, outside);
}

/** In the order of their ids, so that two merges never wait for each other in a circle. */
async function lockPair(tx: Transaction, { accountId, otherAccountId, keptId }: Order) {
  const both: Account[] = [];
  for (const id of [accountId, otherAccountId].toSorted()) {
    both.push(await lockAccount(tx, id).catch((cause) => Promise.reject(outdated(cause))));
  }
  const kept = both.find(({ id }) => id === keptId);
  const dropped = both.find(({ id }) => id !== keptId);
  if (!kept?.handle || !dropped?.handle) throw outdated();
  const problem = mergeProblem(kept, dropped);
  if (problem === 'merge_outdated') throw outdated();
  if (problem) throw new AppError(problem);
  return { kept, dropped };
}

/** The kept account's own address wins; without one, it gets the other's, now that it is free. */
async function inheritAddress(tx: Transaction, kept: Account, dropped: Account): Promise<void> {
  const { email, emailKey } = dropped;
  if (kept.emailKey || !email || !emailKey) return;
  await setEmail(tx, kept.id, { email, emailKey });
  await showOnMatrix(tx, kept.id);
}

function noticeOf(kept: Account, dropped: Account): Notice {
  return {
    template: 'accounts-merged',
    kept: `@${kept.handle}`,
    dropped: `@${dropped.handle}`,
  };
}

function outdated(cause?: unknown): AppError {
  return new AppError('merge_outdated', { cause });
}
