import { readFile } from 'node:fs/promises';
import { allClients, clientNotFound, type FoundClient } from '../cli/clients/client.ts';
import type { Report } from '../cli/report.ts';
import { type Cli, warn } from '../cli/run.ts';
import { AppError } from '../errors.ts';
import { clientSecretFile } from '../first-start.ts';
import { homeserverUris } from '../matrix/homeserver-uris.ts';
import { type ProviderBlock, providerBlock, signInSettings } from '../matrix/provider-block.ts';
import { nameOnButton } from '../oidc/button-name.store.ts';
import { settingsYaml } from './synapse-settings-yaml.ts';

export type ConfigOptions = { client?: string[]; secretPath?: string; webClient?: string[] };

/**
 * The settings of an existing Synapse, with a provider block for each of its clients.
 *
 * @throws AppError `client_not_found` (404)
 */
export async function synapseConfig(cli: Cli, options: ConfigOptions): Promise<Report> {
  const blocks: ProviderBlock[] = [];
  for (const client of await homeserverClients(cli, options.client)) {
    warnOfOtherUris(cli, client);
    blocks.push(await blockOf(cli, client, options));
  }
  const settings = signInSettings(blocks, { webClients: options.webClient });
  return { data: settings, text: settingsYaml(settings) };
}

async function homeserverClients({ database }: Cli, wanted?: string[]): Promise<FoundClient[]> {
  const all = (await allClients(database)).filter(({ idpId, disabledAt }) => idpId && !disabledAt);
  const unknown = wanted?.find((id) => !all.some((client) => client.id === id));
  if (unknown) throw clientNotFound(unknown);
  const clients = all.filter(({ id }) => wanted?.includes(id) ?? true);
  if (clients.length > 0) return clients;
  throw new AppError('client_not_found', {
    message: 'No enabled client has an idp_id. See: openmeet-id clients add --help',
  });
}

async function blockOf(cli: Cli, client: FoundClient, { secretPath }: ConfigOptions) {
  const secret = secretPath ? undefined : await keptSecret(cli, client.id);
  if (!secretPath && secret === undefined) {
    warn(
      `The secret of ${client.id} is not kept here: put in the one you have, or make one with: openmeet-id clients rotate-secret ${client.id}`,
    );
  }
  return providerBlock({
    issuer: cli.config.issuer,
    idpId: client.idpId as string,
    idpName: (await nameOnButton(cli.database, client.id)) as string,
    clientId: client.id,
    clientSecret: secretPath
      ? { path: secretPath }
      : { value: secret ?? `PUT-THE-SECRET-OF-${client.id}-HERE` },
  });
}

/** Only that of a client made at a first start in development is kept in the clear. */
async function keptSecret({ config }: Cli, id: string): Promise<string | undefined> {
  try {
    return (await readFile(clientSecretFile(config.dataDir, id), 'utf8')).trim();
  } catch {
    return undefined;
  }
}

function warnOfOtherUris({ config }: Cli, client: FoundClient): void {
  if (!config.matrix.synapsePublicUrl) return;
  const { redirectUris, backchannelLogoutUri } = homeserverUris(config.matrix);
  const fits =
    redirectUris.every((uri) => client.redirectUris.includes(uri)) &&
    client.backchannelLogoutUri === backchannelLogoutUri;
  if (fits) return;
  warn(
    `${client.id} knows its homeserver by other addresses than SYNAPSE_PUBLIC_URL and SYNAPSE_URL. Set them with: openmeet-id synapse connect --client ${client.id}`,
  );
}
