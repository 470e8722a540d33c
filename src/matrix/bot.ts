import { readFile, secretValue } from '../cli/options.ts';
import { fields, type Report } from '../cli/report.ts';
import type { Cli } from '../cli/run.ts';
import { AppError } from '../errors.ts';
import { pictureOf } from '../federation/fetch-picture.ts';
import { matrixId } from '../handles/rules.ts';
import { Synapse } from './synapse.ts';
import { SynapseError } from './synapse-error.ts';

export type BotOptions = { adminTokenFile?: string; name: string; avatar?: string };

/**
 * Makes the bot's user if there is none, a server admin by another admin's token, and gives it a name
 * and a face. Safe to repeat.
 *
 * @throws AppError `bot_not_configured`, `appservice_unknown`, `bot_misnamed`, `bot_not_admin`,
 *   `admin_token_invalid`, `picture_invalid`: what is wrong, in words that say how to mend it
 */
export async function setUpBot(cli: Cli, options: BotOptions): Promise<Report> {
  const { serverName, rooms } = cli.config.matrix;
  const access = accessOf(cli);
  const synapse = new Synapse(access);
  const bot = matrixId(rooms.botLocalpart, serverName);
  const registered = await register(synapse, rooms.botLocalpart);
  await assertSender(synapse, bot);
  const promoted = await promote(synapse, bot, { url: access.url, ...options });
  const picture = options.avatar && (await pictureAt(synapse, options.avatar));
  await synapse.changeUser(bot, { displayname: options.name, avatar_url: picture });
  const version = await synapse.version();
  return {
    data: { userId: bot, registered: registered === 'created', promoted, version },
    text: fields({
      bot,
      user: registered === 'created' ? 'made just now' : 'was there',
      'server admin': promoted ? 'made just now' : 'was one',
      Synapse: version,
    }),
  };
}

function accessOf({ config }: Cli): { url: string; accessToken: string } {
  const { synapseUrl: url, accessToken } = config.matrix;
  if (url && accessToken) return { url, accessToken };
  throw new AppError('bot_not_configured', {
    message:
      'Set SYNAPSE_URL, and MATRIX_ACCESS_TOKEN to the as_token that openmeet-id synapse registration prints.',
  });
}

async function register(synapse: Synapse, localpart: string): Promise<'created' | 'exists'> {
  try {
    return await synapse.registerBot(localpart);
  } catch (error) {
    if (!(error instanceof SynapseError) || error.kind === 'retry') throw error;
    const message =
      error.errcode === 'M_EXCLUSIVE'
        ? `MATRIX_ACCESS_TOKEN is the as_token of a registration without the user ${localpart}: MATRIX_BOT_LOCALPART must be its sender_localpart.`
        : 'MATRIX_ACCESS_TOKEN is no as_token that Synapse knows: name the registration in app_service_config_files and restart Synapse.';
    throw new AppError('appservice_unknown', { message, cause: error });
  }
}

async function assertSender(synapse: Synapse, bot: string): Promise<void> {
  const user = await synapse.whoAmI();
  if (user === bot) return;
  throw new AppError('bot_misnamed', {
    message: `Synapse takes MATRIX_ACCESS_TOKEN for ${user}, not ${bot}: MATRIX_BOT_LOCALPART and MATRIX_SERVER_NAME must be those of the registration.`,
  });
}

/** @returns whether it was made a server admin just now */
async function promote(
  synapse: Synapse,
  bot: string,
  { url, adminTokenFile }: { url: string; adminTokenFile?: string },
): Promise<boolean> {
  if (await synapse.isAdmin()) return false;
  if (!adminTokenFile) {
    throw new AppError('bot_not_admin', {
      message: `${bot} is no server admin. Give a token of one by --admin-token-file, or see: openmeet-id synapse bot --help`,
    });
  }
  const accessToken = await tokenFrom(adminTokenFile);
  try {
    await new Synapse({ url, accessToken }).promote(bot);
  } catch (error) {
    if (!(error instanceof SynapseError) || error.kind === 'retry') throw error;
    throw new AppError('admin_token_invalid', {
      message: 'The token given by --admin-token-file is not one of a server admin.',
      cause: error,
    });
  }
  return true;
}

/** @returns its `mxc://` address */
async function pictureAt(synapse: Synapse, given: string): Promise<string> {
  if (given.startsWith('mxc://')) return given;
  const picture = pictureOf(Buffer.from(readFile(given)));
  if (picture) return (await synapse.call('upload picture', [], picture)).content_uri;
  throw new AppError('picture_invalid', { message: `${given} is no PNG, JPEG, GIF or WebP.` });
}

async function tokenFrom(path: string): Promise<string> {
  const token = path === '-' ? await secretValue('-') : readFile(path).toString();
  if (token?.trim()) return token.trim();
  throw new AppError('admin_token_invalid', { message: 'No admin token was given.' });
}
