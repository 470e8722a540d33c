import { requestContext } from '../http/request-context.ts';
import type { Tenant } from './tenant.entity.ts';

/** What stands in every mail: which community and application, and roughly which device asked. */
export function mailFrame(tenant: Tenant, application?: string) {
  const request = requestContext();
  return {
    brand: {
      name: tenant.branding.name ?? tenant.name,
      accent: tenant.branding.accent,
      url: tenant.branding.links?.home,
    },
    application,
    userAgent: request?.userAgent,
    at: new Date().toISOString(),
  };
}
