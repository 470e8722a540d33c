import { accountByEmail, accountById } from '../../accounts/accounts.store.ts';
import { serves } from '../../clients/directory.ts';
import { AppError } from '../../errors.ts';
import { findIdentities, type KnownIdentity } from '../../federation/identities.store.ts';
import type { Tenant } from '../../tenants/tenant.entity.ts';
import { tenantById } from '../../tenants/tenants.store.ts';
import type { Finishing } from '../needs.ts';
import { wantsAddress } from './address.ts';
import { invitedTo, receive } from './admission.ts';
import { newcomerTo } from './person.ts';
import { proved } from './proved.ts';
import { chooseTenant } from './sign-ins.store.ts';
import { tenantToJoin } from './sign-up.ts';
import type { Step } from './step.ts';
import {
  addressOf,
  keepFacts,
  methodOf,
  type UpstreamFacts,
  upstreamOf,
  vouchedAddress,
} from './upstream-person.ts';
import { refreshFromUpstream } from './upstream-refresh.ts';

/** Somebody is back from another provider: who are they here? */
export async function showArrival(step: Step<Finishing>): Promise<void> {
  const facts = upstreamOf(step);
  if (!facts) return step.redirect(step.url());
  const known = await accountsOfUpstream(step, facts);
  const [first] = known;
  if (!first) return welcome(step, facts);
  if (known.length > 1) return step.redirect(step.url('community'));
  return finishAsKnown(step, facts, first);
}

/** Those that this identity signs in to and that may be used here. */
export async function accountsOfUpstream(
  { parts, client, tenant }: Step<'connectors'>,
  { identity }: UpstreamFacts,
): Promise<KnownIdentity[]> {
  const known = await findIdentities(parts.database, identity, tenant?.id ?? null);
  const usable: KnownIdentity[] = [];
  for (const account of known) {
    const own = tenant ?? (await tenantById(parts.database, account.tenantId));
    if (!tenant && !serves(client, account.tenantId)) continue;
    if (await parts.connectors.find(own, identity.connection)) usable.push(account);
  }
  return usable;
}

/** @throws AppError `account_unavailable` (403) */
export async function finishAsKnown(
  step: Step<Finishing>,
  { identity }: UpstreamFacts,
  known: KnownIdentity,
): Promise<void> {
  const account = await accountById(step.parts.database, known.accountId);
  if (account?.status !== 'active') throw new AppError('account_unavailable');
  await refreshFromUpstream(step, known, identity);
  return proved(step, account.id, methodOf(identity), { upstream: identity });
}

/**
 * Nobody is known by this identity. An address that the provider vouches for, or that was proved
 * here, and that has an account only leads to the offer to link the two; else a new account begins.
 *
 * @throws AppError `account_unavailable` or `way_not_offered` (403), and as `admissionOf`
 */
async function welcome(step: Step<'connectors' | 'ring'>, facts: UpstreamFacts): Promise<void> {
  const { parts, signIn } = step;
  const address = addressOf(step, facts.identity);
  const tenant = step.tenant ?? (await tenantToJoin(step, address?.key ?? '', undefined));
  if (!tenant) return step.redirect(step.url('community'));
  if (!signIn.tenantId) await chooseTenant(parts.database, signIn.id, tenant.id);
  if (!(await parts.connectors.find(tenant, facts.identity.connection))) {
    throw new AppError('way_not_offered');
  }
  if (tenant.signUp === 'closed' && invitedTo(step) !== tenant.id && !address) {
    throw new AppError('sign_up_closed');
  }
  if (await offerLink(step, tenant, facts)) return step.redirect(step.url('link'));
  if (wantsAddress(step, tenant, facts)) return step.redirect(step.url('email'));
  const person = newcomerTo(step, tenant);
  return person ? receive(step, person) : step.redirect(step.url('link'));
}

async function offerLink(step: Step<'ring'>, tenant: Tenant, { identity }: UpstreamFacts) {
  const { database, ring } = step.parts;
  const address = addressOf(step, identity);
  const account = address && (await accountByEmail(database, tenant.id, address.key));
  if (!account) return false;
  if (account.status !== 'active') throw new AppError('account_unavailable');
  const proved = vouchedAddress(identity) ? undefined : address.email;
  const link = { accountId: account.id, agreed: false, proved };
  await keepFacts(database, ring, step.signIn.id, { identity, link });
  return true;
}
