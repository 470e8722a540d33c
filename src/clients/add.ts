import { record } from '../audit/events.ts';
import type { Cli } from '../cli/run.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { provisionEveryone } from '../matrix/matrix-users.store.ts';
import { requireTenant } from '../tenants/find.ts';
import { type Client, insertClient } from './clients.store.ts';
import { type AddOptions, type FoundClient, requireClient } from './find.ts';
import { checkClient, needsSecret, readJwks } from './rules.ts';
import { chooseSecret } from './secret.ts';

const usualGrants = ['authorization_code', 'refresh_token'];
const usualScopes = ['openid', 'profile', 'email', 'tenant', 'offline_access'];

/**
 * @returns `secret` only when it was made here
 * @throws AppError `client_exists`, `idp_id_taken` (409), and what the rules throw
 */
export async function add(
  cli: Cli,
  options: AddOptions,
): Promise<{ client: FoundClient; secret?: string }> {
  const client = draft(options);
  checkClient(client, { ...options, synapseUrl: cli.config.matrix.synapseUrl });
  const chosen = needsSecret(client) ? await chooseSecret(cli, options.secret) : undefined;
  if (chosen) client.secretHash = cli.fingerprints.of('client-secret', chosen.secret);
  const added = await cli.database.transaction(async (tx) => {
    client.tenantIds = await tenantIds(tx, options.tenant);
    await insert(tx, client);
    await record(tx, {
      action: 'client.created',
      actor: 'operator',
      target: client.id,
      clientId: client.id,
    });
    // Whoever is on the homeserver already would come through the new block as somebody else.
    if (client.idpId && cli.config.matrix.provisioning) await provisionEveryone(tx);
    return requireClient(tx, client.id);
  });
  return { client: added, secret: chosen?.made };
}

function draft(options: AddOptions): Client {
  const grantTypes = options.grant ?? usualGrants;
  const forPeople = grantTypes.some((grant) => grant !== 'client_credentials');
  return {
    id: options.id,
    name: options.name ?? options.id,
    secretHash: null,
    tokenEndpointAuthMethod: options.authMethod,
    redirectUris: options.redirectUri ?? [],
    postLogoutRedirectUris: options.postLogoutRedirectUri ?? [],
    grantTypes: [...new Set(grantTypes)],
    scopes: [...new Set(options.scope ?? (forPeople ? usualScopes : []))],
    jwks: options.jwks ? readJwks(options.jwks) : null,
    firstParty: options.firstParty ?? false,
    pkceRequired: options.pkce,
    requirePushedAuthorizationRequests: options.requirePushedAuthorizationRequests ?? false,
    dpopBoundAccessTokens: options.dpopBoundAccessTokens ?? false,
    idTokenSignedResponseAlg: options.idTokenAlg,
    backchannelLogoutUri: options.backchannelLogoutUri ?? null,
    idpId: options.idpId ?? null,
    clientUri: options.uri ?? null,
    logoUri: options.logo ?? null,
    handoffOrigins: [...new Set(options.handoffOrigin ?? [])],
    handoffTargets: [...new Set(options.handoffTarget ?? [])],
    allTenants: !options.tenant,
    tenantIds: [],
    disabledAt: null,
  };
}

async function tenantIds(tx: Transaction, names: readonly string[] = []): Promise<string[]> {
  const ids = [];
  for (const name of names) ids.push((await requireTenant(tx, name)).id);
  return ids;
}

async function insert(tx: Transaction, client: Client): Promise<void> {
  const inserted = await insertClient(tx, client).catch((cause: { constraint?: string }) => {
    if (cause.constraint !== 'clients_idp_id_key') throw cause;
    throw new AppError('idp_id_taken', {
      message: `Another client has the idp_id ${client.idpId}.`,
      cause,
    });
  });
  if (inserted) return;
  throw new AppError('client_exists', { message: `There is a client ${client.id} already.` });
}
