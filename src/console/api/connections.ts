import { z } from 'zod';
import { printable } from '../../api/route.ts';
import { type Authority, reaches } from '../../authority/authority.ts';
import type { Config } from '../../config/config.ts';
import type { Database } from '../../database/database.ts';
import {
  addConnection,
  changeConnection,
  disableConnection,
  removeConnection,
} from '../../federation/connections/change.ts';
import {
  authMethods,
  type Connection,
  findConnection,
} from '../../federation/connections/connections.store.ts';
import { connectionNotFound } from '../../federation/connections/find.ts';
import { listConnectionsOf } from '../../federation/connections/list.store.ts';
import type { KeyRing } from '../../secrets/keyring.ts';
import { answerOf, listAnswer, listQuery, wantedOf } from './lists.ts';
import { type AdminRoute, adminRoute, byId } from './route.ts';

type Parts = {
  config: Pick<Config, 'upstream'>;
  database: Database;
  ring: KeyRing;
  publicUrl: string;
};

const connection = z
  .object({
    id: z.string().describe('Part of its redirect URI: it never changes.'),
    tenantId: z.uuid(),
    name: z.string(),
    issuer: z.string(),
    clientId: z.string(),
    authMethod: z.enum(authMethods),
    redirectUri: z.string().describe('To register at the provider.'),
    scopes: z.array(z.string()),
    claims: z.record(z.string(), z.unknown()).describe('Which claim says what, if not the usual.'),
    allowedGroups: z.array(z.string()),
    allowedEmailDomains: z.array(z.string()),
    mfaTrusted: z.boolean(),
    disabledAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Connection' });

const settings = {
  name: printable.optional(),
  clientId: printable.optional(),
  authMethod: z.enum(authMethods).optional(),
  secret: z.string().max(1000).optional().describe('Ours there; nobody can read it again.'),
  scopes: z.array(z.string()).max(50).optional(),
  claims: z.record(z.string(), z.string()).optional(),
  vouchForEmail: z
    .boolean()
    .optional()
    .describe('DANGEROUS: takes any address in the claim mapped as email for proved.'),
  trustMfa: z
    .boolean()
    .optional()
    .describe('Whether more than one factor that its ID token tells of stands for ours.'),
  allowedGroups: z.array(printable).max(200).optional(),
  allowedEmailDomains: z.array(printable).max(200).optional(),
};

const newConnection = z.strictObject({
  ...settings,
  id: printable,
  tenant: printable.describe('Slug, domain or id.'),
  name: printable,
  issuer: printable,
  clientId: printable,
  authMethod: z.enum(authMethods).default('client_secret_basic'),
  shared: z.boolean().optional().describe('Another tenant may have the same issuer.'),
});

const changes = z.strictObject({ ...settings, disabled: z.boolean().optional() });

const refusals = [
  ...['claim_invalid', 'connection_invalid', 'name_invalid', 'secret_invalid', 'secret_missing'],
  'vouch_invalid',
];
const known = { 403: ['administration_limited'], 404: ['connection_not_found'] };

/** Tenants' own OpenID providers. */
export function connectionRoutes(parts: Parts): AdminRoute[] {
  const { config, database, ring, publicUrl } = parts;
  const dependencies = { database, ring, publicUrl, upstream: config.upstream };
  const show = (found: Connection) => shown(found, publicUrl);
  const find = async (authority: Authority, id: string) => {
    const found = await findConnection(database, id);
    if (!found || !reaches(authority, found.tenantId)) throw connectionNotFound(id);
    return show(found);
  };
  return [
    adminRoute({
      method: 'get',
      path: '/connections',
      operation: 'listConnections',
      summary: "Tenants' own OpenID providers, newest first",
      scope: 'admin:read',
      query: listQuery(['createdAt'], { tenantId: z.uuid().optional() }),
      answer: { status: 200, description: 'A page of them', schema: listAnswer(connection) },
      problems: { 400: ['cursor_invalid'] },
      async handle({ authority, query }) {
        const page = await listConnectionsOf(database, authority, query, wantedOf(query));
        return answerOf(page, query, show);
      },
    }),
    adminRoute({
      method: 'get',
      path: '/connections/{id}',
      operation: 'getConnection',
      summary: 'A connection by its id',
      scope: 'admin:read',
      params: byId,
      answer: { status: 200, description: 'The connection', schema: connection },
      problems: { 404: ['connection_not_found'] },
      handle: ({ authority, params }) => find(authority, params.id),
    }),
    adminRoute({
      method: 'post',
      path: '/connections',
      operation: 'addConnection',
      summary: 'Lets the people of a tenant sign in with their own OpenID provider',
      description: 'The provider is asked for its discovery document first.',
      scope: 'admin:write',
      body: newConnection,
      answer: { status: 201, description: 'The connection', schema: connection },
      problems: {
        400: [...refusals, 'connection_id_invalid', 'issuer_invalid'],
        403: known[403],
        404: ['tenant_not_found'],
        409: ['connection_exists', 'issuer_taken'],
        502: ['upstream_failed'],
      },
      async handle({ authority, body }) {
        await addConnection(dependencies, authority, body);
        return find(authority, body.id);
      },
    }),
    adminRoute({
      method: 'patch',
      path: '/connections/{id}',
      operation: 'changeConnection',
      summary: 'Changes what the body names; a disabled connection signs nobody in',
      scope: 'admin:write',
      params: byId,
      body: changes,
      answer: { status: 200, description: 'The connection as it is now', schema: connection },
      problems: { ...known, 400: refusals },
      async handle({ authority, params: { id }, body: { disabled, ...said } }) {
        await database.transaction(async (tx) => {
          if (Object.keys(said).length > 0) {
            await changeConnection({ database: tx, ring }, authority, id, said);
          }
          if (disabled !== undefined) await disableConnection(tx, authority, id, disabled);
        });
        return find(authority, id);
      },
    }),
    adminRoute({
      method: 'delete',
      path: '/connections/{id}',
      operation: 'removeConnection',
      summary: 'Removes a connection: nobody signs in by it any more',
      scope: 'admin:write',
      params: byId,
      query: z.object({
        force: z.stringbool().default(false).describe('Also while people sign in by it.'),
      }),
      answer: {
        status: 200,
        description: 'It is gone',
        schema: z.object({ id: z.string(), removed: z.literal(true) }),
      },
      problems: { ...known, 409: ['connection_in_use'] },
      async handle({ authority, params: { id }, query }) {
        await removeConnection(database, authority, id, query);
        return { id, removed: true as const };
      },
    }),
  ];
}

function shown(
  { secretSealed: _secret, ...found }: Connection,
  publicUrl: string,
): z.input<typeof connection> {
  return {
    ...found,
    claims: { ...found.claims },
    redirectUri: `${publicUrl}/callback/${found.id}`,
    disabledAt: found.disabledAt?.toISOString() ?? null,
    createdAt: found.createdAt.toISOString(),
    updatedAt: found.updatedAt.toISOString(),
  };
}
