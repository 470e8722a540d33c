import { linkIdentity } from '../../accounts/identities.ts';
import type { Transaction } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import type { UpstreamIdentity } from '../../federation/connector.ts';
import type { Step } from './step.ts';
import { upstreamOf } from './upstream-person.ts';

/** What is to be linked to an account at the end of its sign-in. */
export type AgreedLink = { identity: UpstreamIdentity; provider: string };

/** Asked before the transaction of the sign-in: names of connections are read from the database. */
export async function agreedLink(
  step: Step<'connectors' | 'ring'>,
  account: { id: string },
): Promise<AgreedLink | undefined> {
  const facts = upstreamOf(step);
  if (!facts?.link?.agreed || facts.link.accountId !== account.id) return undefined;
  const { identity } = facts;
  const connector = await step.parts.connectors.find(step.tenant, identity.connection);
  return { identity, provider: connector?.name ?? identity.connection };
}

/**
 * In the transaction of a sign-in: links what was agreed. That ends all other sessions of the account.
 *
 * @throws AppError `identity_taken` (409) where it signs in to another account by now
 */
export async function linkAgreed(
  tx: Transaction,
  step: Step<'outside'>,
  account: { id: string; tenantId: string },
  { identity, provider }: AgreedLink,
): Promise<void> {
  const { id: accountId, tenantId } = account;
  const order = { accountId, tenantId, identity, provider, clientId: step.client.id };
  if (!(await linkIdentity(tx, order, step.parts.outside))) throw new AppError('identity_taken');
}
