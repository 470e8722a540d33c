import { record } from '../audit/events.ts';
import { type Authority, requireChange } from '../authority/authority.ts';
import type { Database, Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { tenantWithin } from '../tenants/find.ts';
import { type Client, insertClient } from './clients.store.ts';
import { requireSettable } from './reach.ts';
import { checkClient, needsSecret } from './rules.ts';
import { type ChosenSecret, chooseSecret } from './secret.ts';

/** What can be said of a new client; what is not said is usual. */
export type NewClient = Partial<
  Omit<Client, 'id' | 'secretHash' | 'allTenants' | 'tenantIds' | 'disabledAt'>
> & {
  id: string;
  /** Its secret, if it has one already. */
  secret?: string;
  /** Slugs, domains or ids; all tenants unless given. */
  tenants?: readonly string[];
  /** Must be said of a client that asks for itself, unless `tenants` is. */
  allTenants?: boolean;
};

const usualGrants = ['authorization_code', 'refresh_token'];
const usualScopes = ['openid', 'profile', 'email', 'tenant', 'offline_access'];

/**
 * Adds an application.
 *
 * @param dependencies.onProviderBlock is told in the transaction of a client for another provider block
 *   of a homeserver
 * @returns its secret, where it has one
 * @throws AppError `client_exists`, `idp_id_taken` (409), `tenant_not_found` (404), and what the rules throw
 */
export async function addClient(
  dependencies: {
    database: Database;
    fingerprints: Fingerprints;
    production: boolean;
    synapseUrl?: string;
    onProviderBlock?: (tx: Transaction) => Promise<unknown>;
  },
  authority: Authority,
  wanted: NewClient,
): Promise<ChosenSecret | undefined> {
  const { database, fingerprints, production, synapseUrl, onProviderBlock } = dependencies;
  requireChange(authority);
  const client = draft(wanted);
  checkClient(client, {
    ...{ secret: wanted.secret, allTenants: wanted.allTenants, synapseUrl },
    tenant: wanted.tenants,
  });
  const chosen = needsSecret(client) ? chooseSecret(wanted.secret, { production }) : undefined;
  if (chosen) client.secretHash = fingerprints.of('client-secret', chosen.secret);
  await database.transaction(async (tx) => {
    for (const name of wanted.tenants ?? []) {
      client.tenantIds.push((await tenantWithin(tx, authority, name)).id);
    }
    requireSettable(authority, client);
    await insert(tx, client);
    await record(tx, {
      action: 'client.created',
      ...{ actor: authority.actor, target: client.id, clientId: client.id },
    });
    // Whoever is on the homeserver already would come through the new block as somebody else.
    if (client.idpId) await onProviderBlock?.(tx);
  });
  return chosen;
}

function draft({ secret: _secret, tenants, allTenants: _said, ...given }: NewClient): Client {
  const grantTypes = given.grantTypes ?? usualGrants;
  const forPeople = grantTypes.some((grant) => grant !== 'client_credentials');
  return {
    ...usual,
    ...definedOnly(given),
    id: given.id,
    name: given.name ?? given.id,
    grantTypes: [...new Set(grantTypes)],
    scopes: [...new Set(given.scopes ?? (forPeople ? usualScopes : []))],
    handoffOrigins: [...new Set(given.handoffOrigins)],
    handoffTargets: [...new Set(given.handoffTargets)],
    allTenants: !tenants,
    tenantIds: [],
  };
}

const usual = {
  secretHash: null,
  tokenEndpointAuthMethod: 'client_secret_basic',
  redirectUris: [],
  postLogoutRedirectUris: [],
  jwks: null,
  firstParty: false,
  pkceRequired: true,
  requirePushedAuthorizationRequests: false,
  dpopBoundAccessTokens: false,
  acr: null,
  idTokenSignedResponseAlg: 'RS256',
  backchannelLogoutUri: null,
  idpId: null,
  clientUri: null,
  logoUri: null,
  disabledAt: null,
} satisfies Partial<Client>;

function definedOnly<T extends object>(given: T): T {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as T;
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
