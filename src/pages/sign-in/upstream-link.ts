import { accountById } from '../../accounts/accounts.store.ts';
import { parseEmail } from '../../accounts/email-address.ts';
import { identitiesChanged } from '../../accounts/lifecycle.ts';
import { record } from '../../audit/events.ts';
import type { Transaction } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import { insertIdentity } from '../../federation/identities.store.ts';
import { labelOf, profileOf } from '../../federation/identity.ts';
import { readForm } from '../../http/forms.ts';
import { finishSignIn } from './finish.ts';
import { showSignIn, submitSignIn } from './sign-in.ts';
import type { Step } from './step.ts';
import { keepFacts, type LinkOffer, upstreamOf } from './upstream-person.ts';

/**
 * The address that another provider vouches for has an account here. Whoever signs in to it, in this
 * sign-in and knowing what for, links the two: the address alone does nothing.
 */
export async function showLink(step: Step): Promise<void> {
  if (!upstreamOf(step)?.link) return step.redirect(step.url());
  return showSignIn(step);
}

export async function submitLink(step: Step): Promise<void> {
  const facts = upstreamOf(step);
  if (!facts?.link) return step.redirect(step.url());
  const { database, ring } = step.parts;
  const agreed = { ...facts, link: { ...facts.link, agreed: true } };
  const { id } = step.signIn;
  step.signIn.upstreamSealed = await keepFacts(database, ring, id, agreed);
  return agreed.link.proved === undefined ? submitSignIn(step) : finishProved(step, agreed.link);
}

/** The code that proved the address has signed in to its account, if it still has that address. */
async function finishProved(step: Step, { accountId, proved = '' }: LinkOffer): Promise<void> {
  const key = parseEmail(proved)?.key;
  const account = await accountById(step.parts.database, accountId);
  if (account?.status !== 'active' || account.emailKey !== key) {
    throw new AppError('sign_in_expired');
  }
  await readForm(step.ctx);
  return finishSignIn(step, accountId, 'otp');
}

/**
 * In the transaction of a sign-in: links what was agreed, if it is this account.
 *
 * @returns whether it did, which ends all other sessions of the account
 * @throws AppError `identity_taken` (409) where it signs in to another account by now
 */
export async function linkAgreed(
  tx: Transaction,
  step: Step,
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

async function nameOf({ parts, tenant }: Step, connection: string): Promise<string> {
  return (await parts.connectors.find(tenant, connection))?.name ?? connection;
}
