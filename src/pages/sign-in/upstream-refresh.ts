import {
  type Account,
  accountByEmail,
  lockAccount,
  updateProfile,
} from '../../accounts/accounts.store.ts';
import { type EmailAddress, parseEmail } from '../../accounts/email-address.ts';
import { changeEmail } from '../../accounts/lifecycle.ts';
import { showOnMatrix } from '../../accounts/matrix-profile.ts';
import type { Transaction } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import type { UpstreamIdentity } from '../../federation/connector.ts';
import {
  type KnownIdentity,
  recordUse,
  type UpstreamProfile,
} from '../../federation/identities.store.ts';
import { labelOf, profileAfter } from '../../federation/identity.ts';
import { forget } from '../../http/request-cache.ts';
import { displayName } from '../../text/display-name.ts';
import { leaveEndedSession } from './finish.ts';
import type { Step } from './step.ts';
import { vouchedAddress } from './upstream-person.ts';

/**
 * Follows what the other provider says now. What differs here from what it said last is the person's
 * own choice, and stays; what it does not speak of stays, too, and is followed when it does again.
 */
export async function refreshFromUpstream(
  step: Step<'outside'>,
  known: KnownIdentity,
  identity: UpstreamIdentity,
): Promise<void> {
  const { database } = step.parts;
  const address = vouchedAddress(identity);
  let moved = false;
  try {
    moved = await database.transaction((tx) => refresh(tx, step, { known, identity, address }));
  } catch (error) {
    // Somebody else got the address this moment. The next sign-in looks again.
    if (!(error instanceof AppError) || error.code !== 'email_taken') throw error;
    await database.transaction((tx) => refresh(tx, step, { known, identity }));
  }
  if (moved) await leaveEndedSession(step);
  forget('Subject', known.accountId);
}

type News = { known: KnownIdentity; identity: UpstreamIdentity; address?: EmailAddress };

/** @returns whether the account has another address now */
async function refresh(
  tx: Transaction,
  { parts }: Step<'outside'>,
  { known, identity, address }: News,
): Promise<boolean> {
  const account = await lockAccount(tx, known.accountId);
  const last = known.profile;
  const change = changeOf(account, last, identity);
  if (change) await updateProfile(tx, account.id, change);
  const outcome = address ? await outcomeOf(tx, account, last, address) : 'unsaid';
  if (address && outcome === 'moves') {
    const { email, key: emailKey } = address;
    await changeEmail(tx, { accountId: account.id, email, emailKey }, parts.outside);
  }
  if (change) await showOnMatrix(tx, account.id);
  // Of an address that could not be followed the last one is remembered: it is still to be followed.
  const followed = outcome === 'moves' || outcome === 'stays';
  const profile = profileAfter(last, identity, followed ? identity.email : undefined);
  await recordUse(tx, known.id, { label: labelOf(identity), profile });
  return outcome === 'moves';
}

function changeOf(account: Account, last: UpstreamProfile, now: UpstreamIdentity) {
  const name = displayName(now.name ?? '');
  const newName = name && name !== account.name && account.name === displayName(last.name ?? '');
  const picture = now.picture === undefined ? account.picture : pictureOf(now);
  const newPicture = picture !== account.picture && account.picture === pictureOf(last);
  if (!newName && !newPicture) return undefined;
  return { ...(newName ? { name } : undefined), ...(newPicture ? { picture } : undefined) };
}

/** Only what a browser can be told to fetch without being read on the way. */
export function pictureOf({ picture }: Pick<UpstreamIdentity, 'picture'>): string | null {
  return picture && picture.length <= 2000 && URL.parse(picture)?.protocol === 'https:'
    ? picture
    : null;
}

/** An address is a way in: a new one ends sessions and is told, as if the person had changed it. */
async function outcomeOf(
  tx: Transaction,
  account: Account,
  last: UpstreamProfile,
  { key }: EmailAddress,
): Promise<'stays' | 'moves' | 'taken'> {
  const own = account.emailKey !== null && account.emailKey !== parseEmail(last.email ?? '')?.key;
  if (own || key === account.emailKey) return 'stays';
  return (await accountByEmail(tx, account.tenantId, key)) ? 'taken' : 'moves';
}
