import { identitiesChanged } from '../../accounts/lifecycle.ts';
import { record } from '../../audit/events.ts';
import type { Transaction } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import { insertIdentity } from '../../federation/identities.store.ts';
import { labelOf, profileOf } from '../../federation/identity.ts';
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
  const added = await insertIdentity(tx, {
    ...{ connection: identity.connection, issuer: identity.issuer, subject: identity.subject },
    ...{ tenantId: account.tenantId, accountId: account.id },
    label: labelOf(identity),
    profile: profileOf(identity),
  });
  if (!added) throw new AppError('identity_taken');
  await identitiesChanged(
    tx,
    { accountId: account.id, change: 'added', provider: await nameOf(step, identity.connection) },
    step.parts.outside,
  );
  await record(tx, {
    action: 'identity.linked',
    actor: account.id,
    tenantId: account.tenantId,
    target: account.id,
    clientId: step.client.id,
    detail: { connection: identity.connection },
  });
  return true;
}

async function nameOf({ parts, tenant }: Step<'connectors'>, connection: string): Promise<string> {
  return (await parts.connectors.find(tenant, connection))?.name ?? connection;
}
