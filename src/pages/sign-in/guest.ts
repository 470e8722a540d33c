import { claimGuest } from '../../accounts/claim-guest.ts';
import { guestIdFor } from '../../accounts/guests.store.ts';
import type { Transaction } from '../../database/database.ts';
import { hasOpenMemberships } from '../../entities/confirmations.store.ts';
import type { Step } from './step.ts';

/**
 * In the transaction that makes or signs in an account: if this sign-in proved its address by a code,
 * the guest of that address becomes the account.
 *
 * @returns whether memberships wait for the person's yes; not looked at where no code was entered
 */
export async function welcomeProved(
  tx: Transaction,
  { signIn: { provedAt, emailKey } }: Step,
  accountId: string,
): Promise<boolean> {
  if (!provedAt || !emailKey) return false;
  await claimGuest(tx, { accountId, emailKey });
  return hasOpenMemberships(tx, accountId);
}

/**
 * The id of the guest whose address this sign-in proved by a code: the account that is made takes it,
 * so that what the platform stored stays right.
 *
 * @param insteadOf the id that the account was to have so far
 */
export async function idOfGuest(
  { parts, signIn: { provedAt, emailKey } }: Step,
  tenantId: string,
  insteadOf?: string,
): Promise<string | undefined> {
  if (!provedAt || !emailKey) return undefined;
  return guestIdFor(parts.database, { tenantId, emailKey, insteadOf });
}
