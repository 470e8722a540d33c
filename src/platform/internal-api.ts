import type { Api } from '../api/api.ts';
import { internalScopes } from '../clients/scopes.ts';
import type { Queryable } from '../database/database.ts';
import { type InternalRoute, type PlatformCaller, tenantQuery } from './route.ts';
import { tenantOfRequest } from './tenant.ts';

/** `/internal`: every request is about one tenant, which its client must serve. */
export function internalApi(
  database: Queryable,
  routes: readonly InternalRoute[],
): Api<PlatformCaller, InternalRoute> {
  return {
    base: '/internal',
    title: 'OpenMeet ID: internal API',
    description:
      'For programs that an operator made a client for. Every request is about one tenant.',
    scopes: internalScopes,
    query: tenantQuery,
    problems: { 400: ['tenant_required', 'tenant_conflict'], 404: ['tenant_not_found'] },
    routes,
    async admit(client, { tenantOfParts }, { query, body }) {
      const named = [query.tenant, query.tenantId, (body as { tenantId?: string }).tenantId];
      const tenantId = tenantOfParts ? '' : await tenantOfRequest(database, client, named);
      return { client, tenantId, named };
    },
    keyed: ({ tenantId, named }) => ({ about: tenantId, request: named }),
  };
}
