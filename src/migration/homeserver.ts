import { AppError } from '../errors.ts';
import { HomeserverRooms } from '../matrix/rooms/homeserver-rooms.ts';
import { Synapse } from '../matrix/synapse.ts';
import { SynapseError } from '../matrix/synapse-error.ts';
import type { Target } from './target.ts';

export type Homeserver = {
  synapse: Synapse;
  rooms: HomeserverRooms;
  /** Whose token we have: it is the one that changes rooms. */
  bot: string;
};

/**
 * Synapse, when it is surely the one whose rooms ours are: a command that took another one for it
 * would find every room missing.
 *
 * @throws AppError `homeserver_not_configured`, `homeserver_unusable` (502)
 */
export async function openHomeserver({ config }: Pick<Target, 'config'>): Promise<Homeserver> {
  const { synapseUrl: url, accessToken, serverName } = config.matrix;
  if (!url || !accessToken) {
    throw new AppError('homeserver_not_configured', {
      message: 'Set SYNAPSE_URL and MATRIX_ACCESS_TOKEN as the worker has them.',
    });
  }
  const synapse = new Synapse({ url, accessToken });
  try {
    const bot = await synapse.whoAmI();
    if (!bot.endsWith(`:${serverName}`)) throw unusable(`Its token is that of ${bot}.`);
    if (!(await synapse.isAdmin())) throw unusable(`${bot} is no server admin.`);
    return { synapse, rooms: new HomeserverRooms(synapse), bot };
  } catch (error) {
    if (error instanceof SynapseError) throw unusable(`${error.message}.`, error);
    throw error;
  }
}

function unusable(problem: string, cause?: unknown): AppError {
  return new AppError('homeserver_unusable', { message: problem, cause });
}
