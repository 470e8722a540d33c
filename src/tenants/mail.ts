import type { Queryable } from '../database/database.ts';
import { requestContext } from '../http/request-context.ts';
import type { MailQueue, MailRequest } from '../mail/queue.ts';
import type { Tenant } from './tenant.entity.ts';
import { defaultTenant, tenantById } from './tenants.store.ts';

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

/** Queues a notice about an account in its community's name, with a link to the account page. */
export function framedMail(mail: MailQueue, publicUrl: string) {
  return async (tx: Queryable, letter: MailRequest): Promise<boolean> => {
    const own = letter.tenantId ? await tenantById(tx, letter.tenantId) : undefined;
    const tenant = own ?? ((await defaultTenant(tx)) as Tenant);
    const link = `${publicUrl}/account`;
    return mail.queue(tx, { ...letter, params: { ...mailFrame(tenant), link, ...letter.params } });
  };
}
