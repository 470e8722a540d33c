import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { record } from './audit/events.ts';
import {
  type Client,
  findClient,
  insertClient,
  setRedirectUris,
  setUris,
} from './clients/clients.store.ts';
import { accountClient, synapseClientId, tryClient } from './clients/own-clients.ts';
import type { Config } from './config/config.ts';
import type { Database } from './database/database.ts';
import type { Fingerprints } from './secrets/fingerprints.ts';
import { insertDefaultTenant } from './tenants/tenants.store.ts';

/** Where the secret of a client made at first start is kept for `synapse config` to print. */
export const clientSecretFile = (dataDir: string, clientId: string) =>
  join(dataDir, 'secrets', `client-${clientId}`);

/**
 * What a new database needs: a tenant, the client for Synapse and those of our own pages. Makes
 * nothing on one that has them, so every start calls it.
 */
export async function prepareFirstStart(
  database: Database,
  config: Config,
  fingerprints: Fingerprints,
): Promise<void> {
  await insertDefaultTenant(database, { id: randomUUID(), name: 'OpenMeet' });
  await insertClient(database, accountClient(config.publicUrl));
  if (!config.production) await insertClient(database, tryClient(config.publicUrl));
  const secret = randomBytes(32).toString('base64url');
  const client = synapseClient(config, fingerprints.of('client-secret', secret));
  const made = await database.transaction(async (tx) => {
    const inserted = await insertClient(tx, client);
    if (inserted) {
      await record(tx, { action: 'client.created', actor: 'system', target: client.id });
    }
    return inserted;
  });
  if (!made || config.production) return;
  const file = clientSecretFile(config.dataDir, client.id);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
}

/**
 * Our own pages move with PUBLIC_URL, and the Synapse of the first client with SYNAPSE_PUBLIC_URL, so
 * each start of the service says where they are now. A client whose addresses the operator changed
 * is left alone.
 */
export async function adoptUrls(database: Database, config: Config): Promise<void> {
  const { publicUrl, matrix } = config;
  await database.transaction(async (tx) => {
    for (const { id, redirectUris } of [accountClient(publicUrl), tryClient(publicUrl)]) {
      await setRedirectUris(tx, id, redirectUris);
    }
  });
  if (!matrix.synapsePublicUrl) return;
  const known = await findClient(database, synapseClientId);
  const [only, ...others] = known?.redirectUris ?? [];
  if (others.length > 0 || !only?.endsWith(callbackPath)) return;
  const { redirectUris, backchannelLogoutUri } = synapseClient(config, '');
  if (only === redirectUris[0] && known?.backchannelLogoutUri === backchannelLogoutUri) return;
  await database.transaction((tx) =>
    setUris(tx, synapseClientId, { redirectUris, backchannelLogoutUri }),
  );
}

const callbackPath = '/_synapse/client/oidc/callback';

function synapseClient({ matrix }: Config, secretHash: string): Client {
  const synapse = (matrix.synapsePublicUrl ?? `https://${matrix.serverName}`).replace(/\/$/, '');
  const callable = (matrix.synapseUrl ?? synapse).replace(/\/$/, '');
  return {
    id: synapseClientId,
    name: 'Matrix',
    secretHash,
    tokenEndpointAuthMethod: 'client_secret_basic',
    redirectUris: [`${synapse}${callbackPath}`],
    grantTypes: ['authorization_code'],
    scopes: ['openid', 'profile', 'email', 'tenant'],
    pkceRequired: true,
    backchannelLogoutUri: `${callable}/_synapse/client/oidc/backchannel_logout`,
    idpId: 'openmeet',
    postLogoutRedirectUris: [],
    jwks: null,
    firstParty: true,
    idTokenSignedResponseAlg: 'RS256',
    requirePushedAuthorizationRequests: false,
    dpopBoundAccessTokens: false,
    acr: null,
    clientUri: null,
    logoUri: null,
    handoffOrigins: [],
    handoffTargets: [],
    allTenants: true,
    tenantIds: [],
    disabledAt: null,
  };
}

/** In development the first secret is kept for `synapse config`, which must not tell a stale one. */
export async function refreshSecretFile(
  dataDir: string,
  id: string,
  secret: string,
): Promise<void> {
  const file = clientSecretFile(dataDir, id);
  if (existsSync(file)) await writeFile(file, `${secret}\n`, { mode: 0o600 });
}
