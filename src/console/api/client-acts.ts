import { z } from 'zod';
import { printable } from '../../api/route.ts';
import { addClient } from '../../clients/add.ts';
import {
  changeClient,
  disableClient,
  removeClient,
  replaceHandoffOrigins,
  replaceHandoffTargets,
  replaceRedirectUris,
  rotateClientSecret,
} from '../../clients/change.ts';
import { checkedJwks } from '../../clients/rules.ts';
import type { Config } from '../../config/config.ts';
import type { Database } from '../../database/database.ts';
import { provisionEveryone } from '../../matrix/matrix-users.store.ts';
import type { Fingerprints } from '../../secrets/fingerprints.ts';
import { authMethods, clientSchema, clientWithin } from './clients.ts';
import { type AdminRoute, adminRoute, byId } from './route.ts';

type Parts = {
  config: Pick<Config, 'production' | 'matrix'>;
  database: Database;
  fingerprints: Fingerprints;
};

const uris = z.array(z.string().max(2000)).max(50).optional();
const jwks = z
  .unknown()
  .optional()
  .describe('Public keys only: for private_key_jwt, and for signed requests.');

const shared = {
  postLogoutRedirectUris: uris,
  requirePushedAuthorizationRequests: z.boolean().optional(),
  dpopBoundAccessTokens: z.boolean().optional(),
  jwks,
};

const newClient = z.strictObject({
  ...shared,
  id: printable,
  name: printable.optional(),
  tenants: z
    .array(printable)
    .max(100)
    .optional()
    .describe('Slugs, domains or ids; unless given: all.'),
  allTenants: z.boolean().optional().describe('Must be said for client_credentials.'),
  tokenEndpointAuthMethod: z.enum(authMethods).optional(),
  redirectUris: uris,
  grantTypes: z.array(z.string()).max(10).optional(),
  scopes: z.array(z.string()).max(50).optional(),
  firstParty: z.boolean().optional(),
  pkceRequired: z.boolean().optional(),
  idTokenSignedResponseAlg: z.enum(['RS256', 'ES256']).optional(),
  backchannelLogoutUri: printable.optional(),
  idpId: printable.optional(),
  clientUri: printable.optional(),
  logoUri: printable.optional(),
  handoffOrigins: uris,
  handoffTargets: uris,
});

const changes = z.strictObject({
  ...shared,
  redirectUris: uris,
  backchannelLogoutUri: printable.nullable().optional(),
  handoffOrigins: uris,
  handoffTargets: uris,
  disabled: z
    .boolean()
    .optional()
    .describe('A disabled one signs nobody in; its tokens stop at once.'),
});

const withSecret = clientSchema
  .extend({ secret: z.string().nullable().describe('Shown once: nobody can read it again.') })
  .meta({ id: 'ClientWithSecret' });

const invalid = [
  ...['backchannel_uri_invalid', 'client_invalid', 'handoff_origin_invalid'],
  ...['handoff_target_invalid', 'jwks_invalid', 'redirect_uri_invalid'],
];
const problems = { 403: ['administration_limited'], 404: ['client_not_found'] };

export function clientActRoutes(parts: Parts): AdminRoute[] {
  return [postClient(parts), patchClient(parts), postSecret(parts), deleteClient(parts)];
}

function postClient({ config, database, fingerprints }: Parts): AdminRoute {
  const { production, matrix } = config;
  const onProviderBlock = matrix.provisioning ? provisionEveryone : undefined;
  const { synapseUrl } = matrix;
  return adminRoute({
    method: 'post',
    path: '/clients',
    operation: 'addClient',
    summary: 'Adds an application; a secret that it needs is made and shown once',
    scope: 'admin:write',
    body: newClient,
    answer: { status: 201, description: 'The application', schema: withSecret },
    problems: {
      400: [...invalid, 'client_id_invalid'],
      403: problems[403],
      404: ['tenant_not_found'],
      409: ['client_exists', 'idp_id_taken'],
    },
    async handle({ authority, body: { jwks: keys, ...wanted } }) {
      const chosen = await addClient(
        { database, fingerprints, production, synapseUrl, onProviderBlock },
        authority,
        { ...wanted, jwks: keys === undefined ? undefined : checkedJwks(keys) },
      );
      const client = await clientWithin(database, authority, wanted.id);
      return { ...client, secret: chosen?.secret ?? null };
    },
  });
}

function patchClient({ config, database }: Parts): AdminRoute {
  const { synapseUrl } = config.matrix;
  return adminRoute({
    method: 'patch',
    path: '/clients/{id}',
    operation: 'changeClient',
    summary: 'Changes what the body names',
    scope: 'admin:write',
    params: byId,
    body: changes,
    answer: { status: 200, description: 'The application as it is now', schema: clientSchema },
    problems: { ...problems, 400: invalid, 409: ['client_built_in'] },
    async handle({ authority, params: { id }, body }) {
      const { disabled, redirectUris, handoffOrigins, handoffTargets, jwks: keys, ...said } = body;
      const settings = { ...said, jwks: keys === undefined ? undefined : checkedJwks(keys) };
      await database.transaction(async (tx) => {
        if (Object.values(settings).some((value) => value !== undefined)) {
          await changeClient({ database: tx, synapseUrl }, authority, id, settings);
        }
        if (redirectUris) await replaceRedirectUris(tx, authority, id, redirectUris);
        if (handoffOrigins) await replaceHandoffOrigins(tx, authority, id, handoffOrigins);
        if (handoffTargets) await replaceHandoffTargets(tx, authority, id, handoffTargets);
        if (disabled !== undefined) await disableClient(tx, authority, id, disabled);
      });
      return clientWithin(database, authority, id);
    },
  });
}

function postSecret({ config: { production }, database, fingerprints }: Parts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/clients/{id}/secret',
    operation: 'rotateClientSecret',
    summary: 'Gives it a new secret; the one before stops working at once',
    scope: 'admin:write',
    params: byId,
    answer: { status: 200, description: 'The application', schema: withSecret },
    problems: { ...problems, 409: ['client_without_secret'] },
    async handle({ authority, params: { id } }) {
      const dependencies = { database, fingerprints, production };
      const { secret } = await rotateClientSecret(dependencies, authority, id);
      return { ...(await clientWithin(database, authority, id)), secret };
    },
  });
}

function deleteClient({ database }: Parts): AdminRoute {
  return adminRoute({
    method: 'delete',
    path: '/clients/{id}',
    operation: 'removeClient',
    summary: 'Removes an application with everything that was issued to it',
    scope: 'admin:write',
    params: byId,
    answer: {
      status: 200,
      description: 'It is gone',
      schema: z.object({ id: z.string(), removed: z.literal(true) }),
    },
    problems: { ...problems, 409: ['client_built_in'] },
    async handle({ authority, params: { id } }) {
      await removeClient(database, authority, id);
      return { id, removed: true as const };
    },
  });
}
