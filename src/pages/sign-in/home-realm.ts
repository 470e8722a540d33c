import { serves } from '../../clients/directory.ts';
import type { Connector } from '../../federation/connector.ts';
import type { Tenant } from '../../tenants/tenant.entity.ts';
import { tenantByEmailDomain } from '../../tenants/tenants.store.ts';
import type { Step } from './step.ts';

/** Where the people of an email domain sign in. */
export type HomeRealm = { domain: string; tenant: Tenant; connector: Connector };

/**
 * The provider of their own that an address leads to. Its domain alone decides: nobody learns whether
 * there is an account. Where the sign-in is open to several tenants, only the operator's word on whose
 * domain it is counts.
 */
export async function homeRealmOf(
  { parts, client, tenant }: Step<'connectors'>,
  address: string,
): Promise<HomeRealm | undefined> {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  const owner = await tenantByEmailDomain(parts.database, domain);
  const home = tenant ?? (owner && serves(client, owner.id) ? owner : undefined);
  if (!home) return undefined;
  const own = (await parts.connectors.offered(home)).filter(({ emailDomains }) => emailDomains);
  const named = own.find(({ emailDomains }) => emailDomains?.includes(domain));
  const connector = named ?? (owner?.id === home.id ? onlyOne(own) : undefined);
  return connector && { domain, tenant: home, connector };
}

/** The tenant's one provider takes all addresses of the tenant, unless it names others. */
function onlyOne(own: readonly Connector[]): Connector | undefined {
  const [only, another] = own;
  return another || only?.emailDomains?.length ? undefined : only;
}
