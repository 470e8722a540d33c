import { accountById } from '../../accounts/accounts.store.ts';
import type { UpstreamIdentity } from '../../federation/connector.ts';
import type { Tenant } from '../../tenants/tenant.entity.ts';
import { displayName } from '../../text/display-name.ts';
import { wantsAddress } from './address.ts';
import type { Step } from './step.ts';
import { addressOf, type UpstreamFacts, upstreamOf } from './upstream-person.ts';

/**
 * Whose profile it is: a proved address or an identity elsewhere that has no account yet, or an
 * account without a handle. `email` is empty where none was proved.
 */
export type Person = {
  tenant: Tenant;
  email: string;
  emailKey: string;
  name: string;
  accountId?: string;
  /** Who they are elsewhere, where that is the proof. */
  upstream?: UpstreamIdentity;
};

export async function personOf(step: Step<'ring'>): Promise<Person | undefined> {
  const { details, tenant, parts } = step;
  if (details.prompt.name !== 'handle') return tenant && newcomerTo(step, tenant);
  const account = await accountById(parts.database, details.session?.accountId ?? '');
  const own = account && (tenant ?? step.brand);
  if (!account || !own) return undefined;
  const { id: accountId, name, email, emailKey } = account;
  return { tenant: own, accountId, name, email: email ?? '', emailKey: emailKey ?? '' };
}

/** Whoever has proved an address, or an identity elsewhere, in this sign-in and may join. */
export function newcomerTo(step: Step<'ring'>, tenant: Tenant): Person | undefined {
  const { signIn } = step;
  const upstream = upstreamOf(step);
  if (upstream) return upstream.link ? undefined : sentBy(step, upstream, tenant);
  if (!signIn.provedAt || !signIn.email || !signIn.emailKey) return undefined;
  return { tenant, email: signIn.email, emailKey: signIn.emailKey, name: '' };
}

/** Nobody until it is settled which address they have, or that they go without one. */
function sentBy(step: Step, facts: UpstreamFacts, tenant: Tenant): Person | undefined {
  if (wantsAddress(step, tenant, facts)) return undefined;
  const { identity: upstream } = facts;
  const { email = '', key: emailKey = '' } = addressOf(step, upstream) ?? {};
  return { tenant, upstream, email, emailKey, name: displayName(upstream.name ?? '') };
}

/** One hold per proved person, whatever sign-in or browser they come by. */
export function heldBy({ parts }: Step, person: Person): string {
  const { upstream } = person;
  const proof =
    person.accountId ??
    (upstream ? [upstream.connection, upstream.issuer, upstream.subject] : person.emailKey);
  return parts.fingerprints.of('handle holder', JSON.stringify([person.tenant.id, proof]));
}
