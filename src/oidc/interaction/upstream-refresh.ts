import { type Account, accountByEmail, updateProfile } from '../../accounts/accounts.store.ts';
import { displayName } from '../../accounts/display-name.ts';
import { changeEmail } from '../../accounts/lifecycle.ts';
import { showOnMatrix } from '../../accounts/matrix-profile.ts';
import { AppError } from '../../errors.ts';
import type { UpstreamIdentity } from '../../federation/connector.ts';
import {
  type KnownIdentity,
  recordUse,
  type UpstreamProfile,
} from '../../federation/identities.store.ts';
import { labelOf, profileOf } from '../../federation/identity.ts';
import { forget } from '../memory.ts';
import { leaveEndedSession } from './finish.ts';
import type { Step } from './step.ts';
import { vouchedAddress } from './upstream-person.ts';

/**
 * Follows what the other provider says now. What differs here from what it said last is the
 * person's own choice, and stays.
 */
export async function refreshFromUpstream(
  step: Step,
  account: Account,
  known: KnownIdentity,
  identity: UpstreamIdentity,
): Promise<void> {
  const { parts } = step;
  const change = changeOf(account, known.profile, identity);
  await parts.database.transaction(async (tx) => {
    await recordUse(tx, known.id, { label: labelOf(identity), profile: profileOf(identity) });
    if (!change) return;
    await updateProfile(tx, account.id, change);
    await showOnMatrix(tx, account.id);
  });
  await followAddress(step, account, known.profile, identity);
  forget('Subject', account.id);
}

function changeOf(account: Account, last: UpstreamProfile, now: UpstreamIdentity) {
  const name = displayName(now.name ?? '');
  const picture = pictureOf(now);
  const newName = name && name !== account.name && account.name === displayName(last.name ?? '');
  const newPicture = picture !== account.picture && account.picture === (last.picture ?? null);
  if (!newName && !newPicture) return undefined;
  return { ...(newName ? { name } : undefined), ...(newPicture ? { picture } : undefined) };
}

/** Only what a browser can be told to fetch without being read on the way. */
export function pictureOf({ picture }: UpstreamIdentity): string | null {
  return picture && picture.length <= 2000 && URL.parse(picture)?.protocol === 'https:'
    ? picture
    : null;
}

/** An address is a way in: a new one ends sessions and is told, as if the person had changed it. */
async function followAddress(
  step: Step,
  account: Account,
  last: UpstreamProfile,
  identity: UpstreamIdentity,
): Promise<void> {
  const { database, outside } = step.parts;
  const address = vouchedAddress(identity);
  const own = account.email !== null && account.email !== last.email;
  if (!address || own || address.key === account.emailKey) return;
  if (await accountByEmail(database, account.tenantId, address.key)) return;
  const change = { accountId: account.id, email: address.email, emailKey: address.key };
  try {
    await database.transaction((tx) => changeEmail(tx, change, outside));
  } catch (error) {
    if (error instanceof AppError && error.code === 'email_taken') return;
    throw error;
  }
  await leaveEndedSession(step);
}
