import { type Authority, reaches } from '../authority/authority.ts';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import type { Tenant } from './tenant.entity.ts';
import { defaultTenant, domainsOf, listTenants, tenantByName } from './tenants.store.ts';

export type FoundTenant = Tenant & { domains: string[]; emailDomains: string[] };

export function allTenants(db: Queryable): Promise<FoundTenant[]> {
  return listTenants(db);
}

/** @throws AppError `tenant_not_found` (404) */
export async function requireTenant(db: Queryable, name: string): Promise<FoundTenant> {
  const tenant = await tenantByName(db, name);
  if (tenant) return { ...tenant, ...(await domainsOf(db, tenant.id)) };
  throw new AppError('tenant_not_found', {
    message: `There is no tenant ${name}. See: openmeet-id tenants list`,
  });
}

/** The named tenant, or the default one. @throws AppError `tenant_not_found` (404) */
export async function defaultOr(db: Queryable, name: string | undefined): Promise<Tenant> {
  return name ? requireTenant(db, name) : ((await defaultTenant(db)) as Tenant);
}

/**
 * A tenant that somebody administers.
 *
 * @param name slug, domain or id
 * @throws AppError `tenant_not_found` (404), also for another's
 */
export async function tenantWithin(
  db: Queryable,
  authority: Authority,
  name: string,
): Promise<FoundTenant> {
  const tenant = await tenantByName(db, name);
  if (!tenant || !reaches(authority, tenant.id)) throw new AppError('tenant_not_found');
  return { ...tenant, ...(await domainsOf(db, tenant.id)) };
}
