import type { Account } from '../accounts/account.ts';
import { parseEmail } from '../accounts/email-address.ts';
import type { Outside } from '../accounts/lifecycle.ts';
import { type FactorChange, notify } from '../accounts/notices.ts';
import type { AuditAction } from '../audit/actions.ts';
import { record } from '../audit/events.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { identitiesOf } from '../federation/identities.store.ts';
import { type Factors, factorsOf } from './factors.store.ts';
import { deleteWait } from './lost-factors.store.ts';
import { deleteCodes } from './recovery-codes.store.ts';
import { forgetRemembered } from './remembered-browsers.store.ts';

/** What tells an account's owner of a change. */
export type Telling = Pick<Outside, 'queueMail' | 'accountUrl'>;

const audited: Record<FactorChange, { action: AuditAction; factor?: string }> = {
  totp_added: { action: 'factor.added', factor: 'totp' },
  totp_removed: { action: 'factor.removed', factor: 'totp' },
  recovery_codes_made: { action: 'recovery_codes.made' },
  passkey_added: { action: 'factor.added', factor: 'passkey' },
  passkey_removed: { action: 'factor.removed', factor: 'passkey' },
  recovery_code_used: { action: 'recovery_code.used' },
  factors_reset: { action: 'account.factors_reset' },
  factors_given_up: { action: 'account.factors_given_up' },
};

/** Whether the account can prove a second thing; recovery codes only stand in for one. */
export function hasSecondFactor({ totp }: Factors): boolean {
  return totp !== null;
}

/**
 * What every change of factors brings with it: an audit row, a mail to each address of the account, and
 * no browser is remembered and nothing waits any more. The caller has locked the account and made the change.
 *
 * @param about.actor who did it, for the audit: the account itself unless given
 * @param about.left how many recovery codes there are still, where one was used
 */
export async function factorsChanged(
  tx: Transaction,
  about: { account: Account; change: FactorChange; actor?: string; left?: number },
  telling: Telling,
): Promise<void> {
  const { account, change, actor = account.id, left } = about;
  const { action, factor } = audited[change];
  await forgetRemembered(tx, account.id);
  await deleteWait(tx, account.id);
  await record(tx, {
    ...{ action, actor, target: account.id, tenantId: account.tenantId },
    detail: { ...(factor && { factor }), ...(left !== undefined && { left }) },
  });
  for (const email of await addressesOf(tx, account)) {
    await notify(tx, { ...account, email }, { template: 'factors-changed', change, left }, telling);
  }
}

/** Once nothing is left that recovery codes stand in for. */
export async function endUselessCodes(tx: Queryable, accountId: string): Promise<void> {
  if (!hasSecondFactor(await factorsOf(tx, accountId))) await deleteCodes(tx, accountId);
}

/** Its own, and those that its other ways in vouched for: whoever holds one of them is not all of them. */
export async function addressesOf(db: Queryable, account: Account): Promise<string[]> {
  const elsewhere = (await identitiesOf(db, account.id)).map(({ profile }) => profile.email ?? '');
  const addresses = [account.email ?? '', ...elsewhere].map((address) => parseEmail(address));
  const byKey = new Map(addresses.flatMap((one) => (one ? [[one.key, one.email]] : [])));
  return [...byKey.values()];
}
