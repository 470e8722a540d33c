import type { Client } from '../clients/clients.store.ts';
import { serves } from '../clients/directory.ts';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { tenantByName } from '../tenants/tenants.store.ts';

/** What a request says of its tenant: slug, domain or id in `tenant`, the id in `tenantId`. */
export type TenantNames = readonly (string | undefined)[];

/**
 * The tenant that a request is about: the only one its client serves, else the one it names. A
 * tenant that the client does not serve cannot be told from one that does not exist.
 *
 * @throws AppError `tenant_required` (400), `tenant_conflict` (400) when names disagree,
 *   `tenant_not_found` (404)
 */
export async function tenantOfRequest(
  db: Queryable,
  client: Client,
  names: TenantNames,
): Promise<string> {
  const named = new Set(names.filter((name) => name !== undefined));
  const only =
    !client.allTenants && client.tenantIds.length === 1 ? client.tenantIds[0] : undefined;
  if (only && named.size === 0) named.add(only);
  if (named.size === 0) {
    throw new AppError('tenant_required', {
      message: 'This client serves several tenants: name one by `tenant` or `tenantId`.',
    });
  }
  const ids = new Set<string>();
  for (const name of named) {
    const tenant = await tenantByName(db, name);
    if (tenant?.status !== 'active' || !serves(client, tenant.id)) {
      throw new AppError('tenant_not_found');
    }
    ids.add(tenant.id);
  }
  if (ids.size > 1) throw new AppError('tenant_conflict', { message: 'Two tenants are named.' });
  return [...ids][0] as string;
}
