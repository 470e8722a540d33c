import { z } from 'zod';
import type { Authority } from '../../authority/authority.ts';
import { type Client, findClient } from '../../clients/clients.store.ts';
import { listClientsOf } from '../../clients/list.store.ts';
import { clientNotFound } from '../../clients/not-found.ts';
import { isWithin } from '../../clients/reach.ts';
import type { Queryable } from '../../database/database.ts';
import { answerOf, listAnswer, listQuery, wantedOf } from './lists.ts';
import { type AdminRoute, adminRoute, byId } from './route.ts';

export const authMethods = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const;

/** Client metadata (RFC 7591 §2) under our names, and what we say of a client besides. */
export const clientSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    tokenEndpointAuthMethod: z.enum(authMethods),
    redirectUris: z.array(z.string()),
    postLogoutRedirectUris: z.array(z.string()),
    backchannelLogoutUri: z.string().nullable(),
    grantTypes: z.array(z.string()),
    scopes: z.array(z.string()),
    jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).nullable(),
    firstParty: z.boolean().describe('Ours: people are not asked for their consent.'),
    pkceRequired: z.boolean(),
    requirePushedAuthorizationRequests: z.boolean(),
    dpopBoundAccessTokens: z.boolean(),
    idTokenSignedResponseAlg: z.enum(['RS256', 'ES256']),
    idpId: z.string().nullable().describe('Of the Synapse provider block that uses it.'),
    clientUri: z.string().nullable(),
    logoUri: z.string().nullable(),
    handoffOrigins: z.array(z.string()),
    handoffTargets: z.array(z.string()),
    allTenants: z.boolean(),
    tenantIds: z.array(z.uuid()).describe('Whom it serves, unless it serves all.'),
    disabledAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Client' });

/** Its secret's HMAC is nobody's to see. */
export function shownClient({
  secretHash: _secret,
  ...client
}: Client): z.input<typeof clientSchema> {
  return {
    ...client,
    jwks: client.jwks as z.input<typeof clientSchema>['jwks'],
    disabledAt: client.disabledAt?.toISOString() ?? null,
  };
}

/** @throws AppError `client_not_found` (404), also for one that serves others too */
export async function clientWithin(
  db: Queryable,
  authority: Authority,
  id: string,
): Promise<z.input<typeof clientSchema>> {
  const client = await findClient(db, id);
  if (!client || !isWithin(authority, client)) throw clientNotFound(id);
  return shownClient(client);
}

export function clientRoutes({ database }: { database: Queryable }): AdminRoute[] {
  return [
    adminRoute({
      method: 'get',
      path: '/clients',
      operation: 'listClients',
      summary: 'Applications, newest first',
      description: 'Who administers some tenants sees those that serve nobody else.',
      scope: 'admin:read',
      query: listQuery(['createdAt'], {}),
      answer: { status: 200, description: 'A page of them', schema: listAnswer(clientSchema) },
      problems: { 400: ['cursor_invalid'] },
      async handle({ authority, query }) {
        const page = await listClientsOf(database, authority, wantedOf(query));
        return answerOf(page, query, shownClient);
      },
    }),
    adminRoute({
      method: 'get',
      path: '/clients/{id}',
      operation: 'getClient',
      summary: 'An application by its client id',
      scope: 'admin:read',
      params: byId,
      answer: { status: 200, description: 'The application', schema: clientSchema },
      problems: { 404: ['client_not_found'] },
      handle: ({ authority, params }) => clientWithin(database, authority, params.id),
    }),
  ];
}
