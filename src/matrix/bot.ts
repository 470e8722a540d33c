import { AppError } from '../errors.ts';
import { matrixId } from '../handles/rules.ts';
import { Synapse } from './synapse.ts';
import { SynapseError } from './synapse-error.ts';

export type BotSettings = {
  serverName: string;
  localpart: string;
  synapseUrl: string | undefined;
  /** Of the bot, as its registration says. */
  accessToken: string | undefined;
};

export type BotOrder = {
  /** How people see it. */
  name: string;
  /** Its picture, or the `mxc://` address of one. */
  avatar?: Blob | string;
  /** Asked for the token of a server admin when it is needed, which is once. */
  adminToken(): Promise<string | undefined>;
};

export type BotSetUp = {
  userId: string;
  /** Whether it was made just now. */
  registered: boolean;
  /** Whether it was made a server admin just now. */
  promoted: boolean;
  /** Of Synapse. */
  version: string;
};

/**
 * Makes the bot's user if there is none, a server admin by another admin's token, and gives it a name
 * and a face. Safe to repeat.
 *
 * @throws AppError `bot_not_configured`, `appservice_unknown`, `bot_misnamed`, `bot_not_admin`,
 *   `admin_token_invalid`: what is wrong, in words that say how to mend it
 */
export async function setUpBot(
  settings: BotSettings,
  { name, avatar, adminToken }: BotOrder,
): Promise<BotSetUp> {
  const access = accessOf(settings);
  const synapse = new Synapse(access);
  const userId = matrixId(settings.localpart, settings.serverName);
  const registered = await register(synapse, settings.localpart);
  await assertSender(synapse, userId);
  const promoted = await promote(synapse, userId, { url: access.url, adminToken });
  const picture = avatar instanceof Blob ? await synapse.uploadPicture(avatar) : avatar;
  await synapse.changeUser(userId, { displayname: name, avatar_url: picture });
  const version = await synapse.version();
  return { userId, registered: registered === 'created', promoted, version };
}

function accessOf({ synapseUrl: url, accessToken }: BotSettings) {
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
  { url, adminToken }: { url: string; adminToken: BotOrder['adminToken'] },
): Promise<boolean> {
  if (await synapse.isAdmin()) return false;
  const accessToken = (await adminToken())?.trim();
  if (accessToken === undefined) {
    throw new AppError('bot_not_admin', {
      message: `${bot} is no server admin. Give a token of one by --admin-token-file, or see: openmeet-id synapse bot --help`,
    });
  }
  if (!accessToken) {
    throw new AppError('admin_token_invalid', { message: 'No admin token was given.' });
  }
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
