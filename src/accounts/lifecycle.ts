import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { tombstoneHandle } from '../handles/hold.ts';
import { enqueue } from '../jobs/enqueue.ts';
import type { QueueMail } from '../mail/queue.ts';
import type { Account } from './account.ts';
import { eraseAccount, lockAccount, setEmail, setPasswordHash } from './accounts.store.ts';
import { voidCodes } from './codes.store.ts';
import { maskEmail } from './email-address.ts';
import { forgetBrowsers } from './known-browsers.store.ts';
import { forgetPerson, pseudonymiseAudit } from './lifecycle.store.ts';
import { voidLinks } from './links.store.ts';
import { showOnMatrix } from './matrix-profile.ts';
import { voidMerges } from './merges.store.ts';
import { type Notice, notify } from './notices.ts';

/** Ends sessions, grants and refresh tokens of an account, but for the session kept. */
export type EndSessions = (
  tx: Transaction,
  accountId: string,
  keep?: { sessionUid: string },
) => Promise<void>;

/** What a change of an account sets in motion elsewhere. */
export type Outside = {
  endSessions: EndSessions;
  queueMail: QueueMail;
  /** Where the person looks after the account: a button in what they are told. */
  accountUrl?: string;
};

type Change = {
  accountId: string;
  /** Who does it, for the audit: the account itself unless given. */
  actor?: string;
  /** The session in which it is done stays. */
  keep?: { sessionUid: string };
};

/**
 * Sets a new password, hashed before the transaction, or none (null) for codes only. The caller
 * has asked for the old one, or another proof, and remembers the browser again if it stays.
 *
 * @throws AppError `account_not_found` (404)
 */
export async function changePassword(
  tx: Transaction,
  { passwordHash, ...change }: Change & { passwordHash: string | null },
  outside: Outside,
): Promise<void> {
  const account = await lockAccount(tx, change.accountId);
  await setPasswordHash(tx, account.id, passwordHash);
  await endEverythingElse(tx, change, outside);
  await record(tx, {
    action: passwordHash ? 'account.password_changed' : 'account.password_removed',
    ...about(account, change),
  });
  await notify(tx, account, { template: 'password-changed' }, outside);
}

/**
 * Sets an address that the person has proved, here and on Matrix; both addresses are told.
 *
 * @throws AppError `email_taken` (409), `account_not_found` (404)
 */
export async function changeEmail(
  tx: Transaction,
  { email, emailKey, ...change }: Change & { email: string; emailKey: string },
  outside: Outside,
): Promise<void> {
  const account = await lockAccount(tx, change.accountId);
  await setEmail(tx, account.id, { email, emailKey });
  await endEverythingElse(tx, change, outside);
  await showOnMatrix(tx, account.id);
  await record(tx, { action: 'account.email_changed', ...about(account, change) });
  const notice: Notice = { template: 'email-changed', email: maskEmail(email) };
  await notify(tx, account, notice, outside);
  await notify(tx, { ...account, email }, notice, outside);
}

/**
 * Sets a new password, or none, after a code or link proved `emailKey`. Ends every session.
 *
 * @throws AppError `recovery_outdated` (409) if that is not the address of an active account any
 *   more, `account_not_found` (404)
 */
export async function recover(
  tx: Transaction,
  {
    emailKey,
    passwordHash,
    accountId,
  }: {
    accountId: string;
    emailKey: string;
    passwordHash: string | null;
  },
  outside: Outside,
): Promise<void> {
  const account = await lockAccount(tx, accountId);
  if (account.status !== 'active' || account.emailKey !== emailKey) {
    throw new AppError('recovery_outdated');
  }
  await setPasswordHash(tx, account.id, passwordHash);
  await endEverythingElse(tx, { accountId }, outside);
  await record(tx, { action: 'account.recovered', ...about(account) });
  await notify(tx, account, { template: 'password-changed' }, outside);
}

/**
 * Deletes what the account says of the person. Its id stays with the tombstoned handle and the
 * pseudonymous audit; the worker deactivates the Matrix user.
 *
 * @throws AppError `account_not_found` (404), also for the second of two deletions
 */
export async function deleteAccount(
  tx: Transaction,
  change: Pick<Change, 'accountId' | 'actor'> & {
    notice?: Notice;
    /** Whether Synapse hides what the person wrote from those who come later. */
    erase?: boolean;
  },
  outside: Outside,
): Promise<void> {
  const account = await lockAccount(tx, change.accountId);
  await eraseAccount(tx, account.id);
  await tombstoneHandle(tx, account.id);
  await endEverythingElse(tx, { accountId: account.id }, outside);
  await forgetPerson(tx, account);
  const { erase = false } = change;
  await enqueue(tx, 'deactivate-matrix-user', { accountId: account.id, erase });
  await record(tx, { action: 'account.deleted', ...about(account, change) });
  await pseudonymiseAudit(tx, { tenantId: account.tenantId, accountId: account.id });
  await notify(tx, account, change.notice ?? { template: 'account-deleted' }, outside);
}

/**
 * A way to sign in was added or taken away, by the caller. Everything that was begun before ends, and
 * the person is told.
 *
 * @throws AppError `account_not_found` (404)
 */
export async function identitiesChanged(
  tx: Transaction,
  { change, provider, ...about }: Change & { change: 'added' | 'removed'; provider: string },
  outside: Outside,
): Promise<void> {
  const account = await lockAccount(tx, about.accountId);
  await endEverythingElse(tx, about, outside);
  await notify(tx, account, { template: `identity-${change}`, provider }, outside);
}

/** Sessions, and all that was begun or proved before; the caller has locked the account. */
export async function endEverythingElse(
  tx: Transaction,
  { accountId, keep }: Change,
  outside: Pick<Outside, 'endSessions'>,
): Promise<void> {
  await outside.endSessions(tx, accountId, keep);
  await voidCodes(tx, accountId);
  await voidLinks(tx, accountId);
  await voidMerges(tx, accountId);
  await forgetBrowsers(tx, accountId);
}

function about({ id, tenantId }: Account, { actor = id }: Pick<Change, 'actor'> = {}) {
  return { actor, target: id, tenantId };
}
