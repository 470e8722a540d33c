import type { Config } from '../config/config.ts';
import { matrixId } from '../handles/rules.ts';
import { appserviceId } from '../matrix/appservice/registration.ts';
import type { Synapse } from '../matrix/synapse.ts';
import { SynapseError } from '../matrix/synapse-error.ts';
import { type Finding, failure, look, ok, warning } from './finding.ts';

const name = 'bot';

/** Whether the token is the bot's, and Synapse reaches this service to report what happens in rooms. */
export function examineBot(
  synapse: Synapse,
  { serverName, rooms, hsToken }: Config['matrix'],
): Promise<Finding[]> {
  const mend = 'See docs/bot.md.';
  return look(name, mend, async () => {
    const bot = matrixId(rooms.botLocalpart, serverName);
    const user = await synapse.whoAmI();
    if (user === bot) return reached(synapse, bot);
    const found = `MATRIX_ACCESS_TOKEN is ${user}'s, not ${bot}'s: Synapse reports no changes in rooms to this service.`;
    return hsToken
      ? failure(name, found, 'Give MATRIX_ACCESS_TOKEN the as_token of the registration.')
      : warning(name, found, 'To set up the bot, see docs/bot.md.');
  });
}

async function reached(synapse: Synapse, bot: string): Promise<Finding> {
  try {
    await synapse.pingUs(appserviceId);
    return ok(name, `${bot} has its token, and Synapse reaches this service.`);
  } catch (error) {
    const reason = error instanceof SynapseError && error.errcode && reasons[error.errcode];
    if (!reason) throw error;
    return failure(name, reason.found, reason.mend);
  }
}

/** Application Service API, "Pinging". */
const reasons: Readonly<Record<string, { found: string; mend: string }>> = {
  M_BAD_STATUS: {
    found: "Synapse reaches the url of the bot's registration, but is refused there.",
    mend: 'Give the web processes the hs_token of the registration as MATRIX_HS_TOKEN, and see that the url leads to them.',
  },
  M_CONNECTION_FAILED: {
    found: "Synapse cannot reach the url of the bot's registration.",
    mend: 'It must lead to the web processes from where Synapse runs: change it in the registration, restart Synapse.',
  },
  M_CONNECTION_TIMEOUT: {
    found: "Nothing answers Synapse at the url of the bot's registration.",
    mend: 'It must lead to the web processes from where Synapse runs: change it in the registration, restart Synapse.',
  },
  M_URL_NOT_SET: {
    found: "The bot's registration has no url.",
    mend: 'Print it anew: openmeet-id synapse registration',
  },
  M_FORBIDDEN: {
    found: `Synapse knows the bot by another id than ${appserviceId}.`,
    mend: 'Print the registration anew: openmeet-id synapse registration',
  },
};
