import { readFile } from 'node:fs/promises';
import { type Client, listClients } from '../clients/clients.store.ts';
import { clientNotFound } from '../clients/not-found.ts';
import type { Config } from '../config/config.ts';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { clientSecretFile } from '../first-start.ts';
import { homeserverUris } from '../matrix/homeserver-uris.ts';
import { providerBlock, type SignInSettings, signInSettings } from '../matrix/provider-block.ts';
import { nameOnButton } from '../oidc/button-name.store.ts';

export type SettingsOrder = {
  /** Only these of the homeserver's clients. */
  clients?: readonly string[];
  /** The file on Synapse's machine that will hold the secret. */
  secretPath?: string;
  /** Origins of web clients that people need not confirm. */
  webClients?: readonly string[];
};

export type SynapseSettings = {
  settings: SignInSettings;
  /** Clients whose secret is not kept here: what stands in its place says so. */
  withoutSecret: string[];
  /** Clients that know their homeserver by other addresses than our settings do. */
  elsewhere: string[];
};

type Dependencies = { db: Queryable; config: Pick<Config, 'issuer' | 'dataDir' | 'matrix'> };

/**
 * The settings of an existing Synapse, with a provider block for each of its clients.
 *
 * @throws AppError `client_not_found` (404)
 */
export async function synapseSettings(
  { db, config }: Dependencies,
  { clients: wanted, secretPath, webClients }: SettingsOrder,
): Promise<SynapseSettings> {
  const clients = await homeserverClients(db, wanted);
  const withoutSecret: string[] = [];
  const blocks = [];
  for (const { id, idpId } of clients) {
    const secret = secretPath ? undefined : await keptSecret(config.dataDir, id);
    if (!secretPath && secret === undefined) withoutSecret.push(id);
    const value = secret ?? `PUT-THE-SECRET-OF-${id}-HERE`;
    blocks.push(
      providerBlock({
        issuer: config.issuer,
        idpId: idpId as string,
        idpName: (await nameOnButton(db, id)) as string,
        clientId: id,
        clientSecret: secretPath ? { path: secretPath } : { value },
      }),
    );
  }
  return {
    settings: signInSettings(blocks, { webClients }),
    withoutSecret,
    elsewhere: clients.filter((client) => isElsewhere(client, config.matrix)).map(({ id }) => id),
  };
}

async function homeserverClients(db: Queryable, wanted?: readonly string[]): Promise<Client[]> {
  const all = (await listClients(db)).filter(({ idpId, disabledAt }) => idpId && !disabledAt);
  const unknown = wanted?.find((id) => !all.some((client) => client.id === id));
  if (unknown) throw clientNotFound(unknown);
  const clients = all.filter(({ id }) => wanted?.includes(id) ?? true);
  if (clients.length > 0) return clients;
  throw new AppError('client_not_found', {
    message: 'No enabled client has an idp_id. See: openmeet-id clients add --help',
  });
}

/** Only that of a client made at a first start in development is kept in the clear. */
async function keptSecret(dataDir: string, id: string): Promise<string | undefined> {
  try {
    return (await readFile(clientSecretFile(dataDir, id), 'utf8')).trim();
  } catch {
    return undefined;
  }
}

function isElsewhere(client: Client, matrix: Config['matrix']): boolean {
  if (!matrix.synapsePublicUrl) return false;
  const { redirectUris, backchannelLogoutUri } = homeserverUris(matrix);
  return !(
    redirectUris.every((uri) => client.redirectUris.includes(uri)) &&
    client.backchannelLogoutUri === backchannelLogoutUri
  );
}
