import type { Command } from 'commander';
import { example } from './example.ts';
import { collect, collectOrigins, origin } from './options.ts';
import { fields, type Report } from './report.ts';
import { type Cli, run, warn } from './run.ts';
import { registerBot } from './synapse-bot.ts';

const lazy = {
  client: () => import('../clients/find.ts'),
  connect: () => import('../clients/connect-homeserver.ts'),
  settings: () => import('../deployment/synapse-settings.ts'),
  uris: () => import('../matrix/homeserver-uris.ts'),
  yaml: () => import('../deployment/synapse-settings-yaml.ts'),
};

type ConfigOptions = { client?: string[]; secretPath?: string; webClient?: string[] };
type ConnectOptions = { client: string; publicUrl?: string; url?: string };

export function register(noun: Command): void {
  noun
    .command('config')
    .description('Print what to add to the homeserver.yaml of a Synapse that exists')
    .option('--client <id>', 'only the block of this client, repeatable', collect)
    .option('--secret-path <path>', "the file on Synapse's machine that will hold the secret")
    .option(
      '--web-client <origin>',
      'a web client that people need not confirm, repeatable',
      collectOrigins,
    )
    .addHelpText('after', example('synapse config --web-client https://chat.example.org'))
    .action(run<ConfigOptions>(config));
  noun
    .command('connect')
    .description('Set where a client finds its homeserver: for sign-ins and for sign-outs')
    .option('--client <id>', 'the client of the homeserver', 'matrix_synapse')
    .option(
      '--public-url <origin>',
      'where browsers reach it (default: SYNAPSE_PUBLIC_URL)',
      origin,
    )
    .option('--url <origin>', 'where this service reaches it (default: SYNAPSE_URL)', origin)
    .addHelpText('after', example('synapse connect --public-url https://matrix.example.org'))
    .action(run<ConnectOptions>(connect));
  registerBot(noun);
}

async function config(
  { database, config: { issuer, dataDir, matrix } }: Cli,
  { client: clients, secretPath, webClient: webClients }: ConfigOptions,
): Promise<Report> {
  const { synapseSettings } = await lazy.settings();
  const { settingsYaml } = await lazy.yaml();
  const { settings, withoutSecret, elsewhere } = await synapseSettings(
    { db: database, config: { issuer, dataDir, matrix } },
    { clients, secretPath, webClients },
  );
  for (const id of elsewhere) {
    warn(
      `${id} knows its homeserver by other addresses than SYNAPSE_PUBLIC_URL and SYNAPSE_URL. Set them with: openmeet-id synapse connect --client ${id}`,
    );
  }
  for (const id of withoutSecret) {
    warn(
      `The secret of ${id} is not kept here: put in the one you have, or make one with: openmeet-id clients rotate-secret ${id}`,
    );
  }
  return { data: settings, text: settingsYaml(settings) };
}

async function connect(
  { database, config: { matrix } }: Cli,
  { client: clientId, ...urls }: ConnectOptions,
): Promise<Report> {
  const { connectHomeserver } = await lazy.connect();
  const { homeserverUris } = await lazy.uris();
  const { requireClient } = await lazy.client();
  const uris = homeserverUris(matrix, urls);
  const homeserverUrl = urls.url ?? matrix.synapseUrl;
  const order = { clientId, uris, homeserverUrl, actor: 'operator' };
  await database.transaction((tx) => connectHomeserver(tx, order));
  return {
    data: await requireClient(database, clientId),
    text: fields({ 'redirect URIs': uris.redirectUris, 'back-channel': uris.backchannelLogoutUri }),
  };
}
