import { linkIdentity } from '../../accounts/identities.ts';
import type { Transaction } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import type { Step } from './step.ts';
import { upstreamOf } from './upstream-person.ts';

/**
 * In the transaction of a sign-in: links what was agreed, if it is this account.
 *
 * @returns whether it did, which ends all other sessions of the account
 * @throws AppError `identity_taken` (409) where it signs in to another account by now
 */
export async function linkAgreed(
  tx: Transaction,
  step: Step<'connectors' | 'outside' | 'ring'>,
  account: { id: string; tenantId: string },
): Promise<boolean> {
  const facts = upstreamOf(step);
  if (!facts?.link?.agreed || facts.link.accountId !== account.id) return false;
  const { identity } = facts;
  const provider = await nameOf(step, identity.connection);
  const { id: accountId, tenantId } = account;
  const order = { accountId, tenantId, identity, provider, clientId: step.client.id };
  if (!(await linkIdentity(tx, order, step.parts.outside))) throw new AppError('identity_taken');
  return true;
}

async function nameOf({ parts, tenant }: Step<'connectors'>, connection: string): Promise<string> {
  return (await parts.connectors.find(tenant, connection))?.name ?? connection;
}
