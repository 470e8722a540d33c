import { type Authority, reaches, requireAll } from '../authority/authority.ts';
import type { Client } from './clients.store.ts';

type Served = Pick<Client, 'allTenants' | 'tenantIds'>;

/** Whether a client serves nobody but the tenants that somebody administers. */
export function isWithin(authority: Authority, { allTenants, tenantIds }: Served): boolean {
  if (authority.tenantIds === 'all') return true;
  return !allTenants && tenantIds.length > 0 && tenantIds.every((id) => reaches(authority, id));
}

/**
 * Whether somebody may say all this of a client. Who administers some tenants has applications for these
 * only, and none that is trusted more than people's own consent allows, asks for itself, hands people over
 * or stands for a homeserver.
 *
 * @throws AppError `administration_limited` (403)
 */
export function requireSettable(authority: Authority, client: Client): void {
  const trusted =
    client.firstParty ||
    client.idpId !== null ||
    client.grantTypes.includes('client_credentials') ||
    client.handoffOrigins.length > 0 ||
    client.handoffTargets.length > 0;
  if (trusted || !isWithin(authority, client)) requireAll(authority);
}
