import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { entitiesOfAccount } from '../entities/memberships.store.ts';
import { queueSync } from '../entities/queue-sync.ts';
import { AppError } from '../errors.ts';
import type { UpstreamIdentity } from '../federation/connector.ts';
import { activateHandle } from '../handles/hold.ts';
import { insertAccount, type NewAccount } from './accounts.store.ts';
import type { PlatformNames } from './guests.store.ts';
import { keepIdentity } from './identities.ts';
import { showOnMatrix } from './matrix-profile.ts';
import { changePlatformNames } from './platform-identity.ts';
import { recordTermsAcceptance } from './terms.store.ts';

export type AccountOrder = NewAccount & {
  id: string;
  /** What it gets by `giveHandle` in the same transaction, if anything. */
  handle?: string;
  /** Whose word made it: the person's own unless given. */
  actor?: string;
  /** The application in which the person signed up. */
  clientId?: string;
  /** The way to sign in by which the person came. */
  identity?: UpstreamIdentity;
  platformNames?: PlatformNames;
  termsVersion?: string;
};

/**
 * Makes an account with all that it begins with, but for its handle: see `giveHandle`.
 *
 * @throws AppError `email_taken`, `identity_taken`, `platform_user_taken`, `platform_slug_taken` (409)
 */
export async function makeAccount(tx: Transaction, order: AccountOrder): Promise<void> {
  const { id, tenantId, identity, platformNames, termsVersion } = order;
  await insertAccount(tx, order);
  if (identity && !(await keepIdentity(tx, { accountId: id, tenantId }, identity))) {
    throw new AppError('identity_taken');
  }
  if (platformNames?.platformUserId || platformNames?.platformSlug) {
    await changePlatformNames(tx, { id, tenantId, platformSlug: null }, platformNames);
  }
  if (termsVersion) await recordTermsAcceptance(tx, id, termsVersion);
  await record(tx, {
    action: 'account.created',
    actor: order.actor ?? id,
    tenantId,
    target: id,
    clientId: order.clientId,
    detail: { handle: order.handle ?? null },
  });
}

/**
 * The handle that is held for the account becomes its own: its Matrix user shows who it is, and enters
 * the rooms where the person belongs.
 *
 * @param provisioned whether Matrix users are made before their accounts: Synapse gives such a one no
 *   address at its first sign-in
 * @throws AppError `handle_taken` (409) when the hold ran out and somebody else has it
 */
export async function giveHandle(
  tx: Transaction,
  given: { accountId: string; handle: string; provisioned: boolean },
): Promise<void> {
  await activateHandle(tx, given);
  if (given.provisioned) await showOnMatrix(tx, given.accountId);
  await queueSync(tx, { ids: await entitiesOfAccount(tx, given.accountId) });
}
