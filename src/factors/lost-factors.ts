import { randomBytes } from 'node:crypto';
import type { Account } from '../accounts/account.ts';
import { lockAccount } from '../accounts/accounts.store.ts';
import { endEverythingElse, type Outside } from '../accounts/lifecycle.ts';
import { notify } from '../accounts/notices.ts';
import { record } from '../audit/events.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';
import { tenantById } from '../tenants/tenants.store.ts';
import { addressesOf, factorsChanged, type Telling } from './factors.ts';
import { accountOfWait, deleteWait, insertWait, takeOverdue } from './lost-factors.store.ts';
import { deleteCodes } from './recovery-codes.store.ts';
import { deleteTotp } from './totp.store.ts';

/** For how long it can be made use of once the wait is over. */
const openHours = 7 * 24;

/** Also of the day after such a role ended, whoever took it. */
const dayInMs = 24 * 60 * 60 * 1000;

/**
 * Whether the owner of an account gets out by waiting. Never where everybody has to have two steps, nor
 * an administrator, nor where nobody would be told: there, an administrator decides.
 */
export async function mayWait(db: Queryable, account: Account, tenant: Tenant): Promise<boolean> {
  const { roles, administratorEndedAt: ended } = account;
  const administrates = roles.some((role) => /^(?:platform|tenant)\./.test(role));
  const didLately = ended !== null && Date.now() - ended.getTime() < dayInMs;
  if (tenant.mfaRequiredFrom !== null || administrates || didLately) return false;
  return (await addressesOf(db, account)).length > 0;
}

/**
 * Somebody who has done the first step has lost all that does the second. Each address of the account is
 * told, and can call it off. One that waits already goes on waiting.
 *
 * @param order.cancelUrl where that is done: `?token=` is added
 * @throws AppError `second_factor_required` (403) where there is no waiting, `account_not_found` (404)
 */
export async function beginWait(
  tx: Transaction,
  { accountId, hours, cancelUrl }: { accountId: string; hours: number; cancelUrl: string },
  { fingerprints, ...telling }: Telling & { fingerprints: Fingerprints },
): Promise<void> {
  const account = await lockAccount(tx, accountId);
  await requireWaiting(tx, account);
  const token = randomBytes(32).toString('base64url');
  const stored = fingerprints.of('lost factors', token);
  const due = await insertWait(tx, { accountId, token: stored, hours, openHours });
  if (!due) return;
  await record(tx, { action: 'factor_wait.begun', ...by(account) });
  const notice = { template: 'factors-lost', due: due.toISOString() } as const;
  const accountUrl = `${cancelUrl}?token=${token}`;
  for (const email of await addressesOf(tx, account)) {
    await notify(tx, { ...account, email }, notice, { ...telling, accountUrl });
  }
}

/** The account that a mail's link is about; a look that changes nothing. */
export function waitingAccount(
  db: Queryable,
  token: string,
  fingerprints: Fingerprints,
): Promise<string | undefined> {
  return accountOfWait(db, fingerprints.of('lost factors', token));
}

/** Somebody says no: by a mail's link, or by having done the second step after all. */
export async function endWait(
  tx: Queryable,
  { accountId, tenantId, actor }: { accountId: string; tenantId: string; actor: string },
): Promise<void> {
  if (!(await deleteWait(tx, accountId))) return;
  await record(tx, { action: 'factor_wait.cancelled', actor, tenantId, target: accountId });
}

/**
 * Nobody has said no: app and codes go, sessions end, each address is told.
 *
 * @throws AppError `second_factor_required` (403) where the wait is not over, was called off, or does not
 *   count any more; `account_not_found` (404)
 */
export async function giveUpFactors(
  tx: Transaction,
  accountId: string,
  { endSessions, ...telling }: Outside,
): Promise<void> {
  const account = await lockAccount(tx, accountId);
  await requireWaiting(tx, account);
  if (!(await takeOverdue(tx, accountId))) throw new AppError('second_factor_required');
  await deleteTotp(tx, accountId);
  await deleteCodes(tx, accountId);
  await endEverythingElse(tx, { accountId }, { endSessions });
  await factorsChanged(tx, { account, change: 'factors_given_up' }, telling);
}

async function requireWaiting(tx: Queryable, account: Account): Promise<void> {
  const tenant = await tenantById(tx, account.tenantId);
  if (!tenant || !(await mayWait(tx, account, tenant))) {
    throw new AppError('second_factor_required');
  }
}

const by = ({ id, tenantId }: Account) => ({ actor: id, target: id, tenantId });
