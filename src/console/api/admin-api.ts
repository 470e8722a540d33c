import { z } from 'zod';
import type { Outside } from '../../accounts/lifecycle.ts';
import type { Api } from '../../api/api.ts';
import type { Authority } from '../../authority/authority.ts';
import type { Client } from '../../clients/clients.store.ts';
import { adminScopes } from '../../clients/scopes.ts';
import type { Config } from '../../config/config.ts';
import type { Database } from '../../database/database.ts';
import type { HandlePolicy } from '../../handles/policy.ts';
import type { Fingerprints } from '../../secrets/fingerprints.ts';
import type { KeyRing } from '../../secrets/keyring.ts';
import { accountActRoutes } from './account-acts.ts';
import { accountRoutes } from './accounts.ts';
import { auditRoutes } from './audit.ts';
import { clientActRoutes } from './client-acts.ts';
import { clientRoutes } from './clients.ts';
import { connectionRoutes } from './connections.ts';
import { invitationRoutes } from './invitations.ts';
import { jobRoutes } from './jobs.ts';
import { reconcileRoutes, roomRoutes } from './rooms.ts';
import type { AdminCaller, AdminRoute } from './route.ts';
import { signUpRequestRoutes } from './sign-up-requests.ts';
import { tenantActRoutes } from './tenant-acts.ts';
import { tenantRoutes } from './tenants.ts';

/** `/admin/api/v1`: what the console does, for programs. */
export function adminApi(parts: {
  config: Config;
  database: Database;
  fingerprints: Fingerprints;
  ring: KeyRing;
  handlePolicy: HandlePolicy;
  publicUrl: string;
  serverName: string;
  outside: Outside;
}): Api<AdminCaller, AdminRoute> {
  const { queueMail } = parts.outside;
  return {
    base: '/admin/api/v1',
    title: 'OpenMeet ID: administration',
    description:
      'For programs that an operator made a client for: a client of some tenants sees and changes these only.',
    scopes: adminScopes,
    query: z.object({}),
    problems: {},
    routes: [
      ...accountRoutes(parts),
      ...accountActRoutes(parts),
      ...tenantRoutes(parts),
      ...tenantActRoutes(parts),
      ...clientRoutes(parts),
      ...clientActRoutes(parts),
      ...connectionRoutes(parts),
      ...invitationRoutes({ ...parts, queueMail }),
      ...signUpRequestRoutes({ ...parts, queueMail }),
      ...roomRoutes(parts),
      ...reconcileRoutes(parts),
      ...auditRoutes(parts),
      ...jobRoutes(parts),
    ],
    admit: async (client) => ({ client, authority: authorityOf(client) }),
    keyed: () => ({ about: '', request: null }),
  };
}

/** What a token may do is said by its scopes; how far, by the tenants that its client serves now. */
function authorityOf({ id, allTenants, tenantIds }: Client): Authority {
  return { actor: id, tenantIds: allTenants ? 'all' : tenantIds, mayChange: true };
}
