import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { type ClientDirectory, serves } from '../clients/directory.ts';
import type { Queryable } from '../database/database.ts';
import { remember, remembered } from '../http/request-cache.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';
import { activeTenants, tenantById, tenantByName } from '../tenants/tenants.store.ts';

export type Tenancy = {
  /**
   * The tenant that a request insists on: that of its `tenant` parameter, else the only one its
   * client serves. Undefined means open.
   *
   * @throws InvalidRequest for a tenant that is unknown, suspended or not one of the client's
   */
  requiredTenantId(clientId: string, parameter: unknown): Promise<string | undefined>;
  /** The same, but where a client that serves all has just one to serve, that one. */
  tenantOf(clientId: string, parameter: unknown): Promise<Tenant | undefined>;
};

export function createTenancy(db: Queryable, clients: ClientDirectory): Tenancy {
  async function named(clientId: string, parameter: string): Promise<Tenant> {
    const key = `${clientId} ${parameter}`;
    const tenant = remembered<Tenant>('Tenant', key) ?? (await tenantByName(db, parameter));
    const client = await clients.find(clientId);
    if (!client || tenant?.status !== 'active' || !serves(client, tenant.id)) {
      throw new errors.InvalidRequest('tenant is unknown, or not one that this client may use');
    }
    remember('Tenant', key, tenant);
    return tenant;
  }

  return {
    async requiredTenantId(clientId, parameter) {
      if (typeof parameter === 'string' && parameter) return (await named(clientId, parameter)).id;
      const client = await clients.find(clientId);
      return client && !client.allTenants && client.tenantIds.length === 1
        ? client.tenantIds[0]
        : undefined;
    },

    async tenantOf(clientId, parameter) {
      if (typeof parameter === 'string' && parameter) return named(clientId, parameter);
      const client = await clients.find(clientId);
      if (!client) return undefined;
      if (!client.allTenants && client.tenantIds.length === 1) {
        return tenantById(db, client.tenantIds[0] as string);
      }
      const candidates = await activeTenants(db, client.allTenants ? null : client.tenantIds, 2);
      return candidates.length === 1 ? candidates[0] : undefined;
    },
  };
}

/**
 * Runs with the library's own checks of authorization parameters, so that a wrong tenant is
 * answered like any other wrong parameter: to the client, with `iss` and `state`.
 */
export function tenantParameter(tenancy: Tenancy) {
  return {
    async tenant(ctx: KoaContextWithOIDC, value: string | undefined): Promise<void> {
      await tenancy.requiredTenantId(ctx.oidc.client?.clientId as string, value);
    },
  };
}
