import type { Command } from 'commander';
import { AppError } from '../errors.ts';
import { example } from './example.ts';
import { origin, readFile, secretValue } from './options.ts';
import { fields, type Report } from './report.ts';
import { type Cli, run, warn } from './run.ts';

const lazy = {
  bot: () => import('../matrix/bot.ts'),
  picture: () => import('../federation/fetch-picture.ts'),
  registration: () => import('../deployment/bot-registration.ts'),
  write: () => import('../deployment/write.ts'),
};

type RegistrationOptions = { url?: string; out?: string; newTokens?: boolean };
type BotOptions = { adminTokenFile?: string; name: string; avatar?: string };

/** How Synapse knows the bot that keeps rooms, and the bot's user there. */
export function registerBot(noun: Command): void {
  noun
    .command('registration')
    .description('Print the file by which Synapse knows the bot that keeps rooms')
    .option('--url <origin>', 'where Synapse reaches this service (default: PUBLIC_URL)', origin)
    .option('--out <file>', 'write it there, readable by its owner alone')
    .option('--new-tokens', 'make new tokens although some are set')
    .addHelpText('after', example('synapse registration --out openmeet-bot.yaml'))
    .action(run<RegistrationOptions>(registration));
  noun
    .command('bot')
    .description("Make the bot's user on Synapse, and a server admin of it")
    .option('--admin-token-file <file>', 'a server admin\'s token, needed once ("-" reads input)')
    .option('--name <name>', 'how people see it', 'OpenMeet')
    .option('--avatar <file>', 'its picture: a PNG, JPEG, GIF or WebP, or an mxc:// address')
    .addHelpText(
      'after',
      `${example('synapse bot --admin-token-file admin-token.txt')}
Nobody is a server admin yet? While registration_shared_secret is set in homeserver.yaml, either of
these makes one:
  node synapse/admin-token.ts http://127.0.0.1:8008 < file-with-the-shared-secret
  register_new_matrix_user --admin --config homeserver.yaml
Or make the bot one in Synapse's database, then restart Synapse:
  UPDATE users SET admin = 1 WHERE name = '@openmeet-bot:your.server';
`,
    )
    .action(run<BotOptions>(setUp));
}

async function registration(
  { config }: Cli,
  { url = config.publicUrl, out, newTokens = false }: RegistrationOptions,
): Promise<Report> {
  const { newRegistration, registrationYaml } = await lazy.registration();
  const { serverName, rooms, accessToken, hsToken } = config.matrix;
  if (accessToken && !hsToken && !newTokens) {
    warn(
      'MATRIX_ACCESS_TOKEN is set without MATRIX_HS_TOKEN, so it is not taken for an as_token: both tokens here are new.',
    );
  }
  const kept = !newTokens && accessToken && hsToken ? { asToken: accessToken, hsToken } : {};
  const made = newRegistration({ url, serverName, rooms, ...kept });
  const text = registrationYaml(made);
  if (!out) return { data: made, text };
  await (await lazy.write()).writePrivately(out, `${text}\n`);
  return { data: made, text: written(out, made) };
}

function written(path: string, tokens: { as_token: string; hs_token: string }): string {
  return `Wrote ${path}. Name it in app_service_config_files of homeserver.yaml and restart Synapse.

Set for the worker
  MATRIX_ACCESS_TOKEN=${tokens.as_token}
and for the web processes
  MATRIX_HS_TOKEN=${tokens.hs_token}

Then: openmeet-id synapse bot --admin-token-file <file>`;
}

async function setUp(
  { config }: Cli,
  { name, avatar, adminTokenFile }: BotOptions,
): Promise<Report> {
  const { setUpBot } = await lazy.bot();
  const { serverName, rooms, synapseUrl, accessToken } = config.matrix;
  const made = await setUpBot(
    { serverName, localpart: rooms.botLocalpart, synapseUrl, accessToken },
    {
      name,
      avatar: avatar && (await pictureAt(avatar)),
      adminToken: async () => adminTokenFile && tokenFrom(adminTokenFile),
    },
  );
  return {
    data: made,
    text: fields({
      bot: made.userId,
      user: made.registered ? 'made just now' : 'was there',
      'server admin': made.promoted ? 'made just now' : 'was one',
      Synapse: made.version,
    }),
  };
}

async function pictureAt(given: string): Promise<Blob | string> {
  if (given.startsWith('mxc://')) return given;
  const { pictureOf } = await lazy.picture();
  const picture = pictureOf(Buffer.from(readFile(given)));
  if (picture) return picture;
  throw new AppError('picture_invalid', { message: `${given} is no PNG, JPEG, GIF or WebP.` });
}

async function tokenFrom(path: string): Promise<string | undefined> {
  return path === '-' ? secretValue('-') : readFile(path).toString();
}
