import { deleteLink, linkByWord, markLinkFailed } from '../../entities/links.store.ts';
import { completeLink, leaveUnlessLinked } from '../../entities/links.ts';
import type { Task } from '../../jobs/task.ts';
import { highest, levelIn } from '../rooms/levels.ts';
import type { LinkDependencies } from './dependencies.ts';

const dayMs = 86_400_000;

/** Links a room on an operator's word. Whoever waits for it reads from the record what came of it. */
export function linkRoomTask(dependencies: LinkDependencies): Task<'link-room'> {
  const { database, settings: rooms, serverName } = dependencies;
  return async ({ room }) => {
    const link = await linkByWord(database, room);
    if (!link) return;
    const obstacle = await findObstacle(dependencies, link.roomId);
    await database.transaction(async (tx) => {
      const refusal = obstacle
        ? undefined
        : await completeLink(tx, { ...link, confirmedBy: link.requestedBy }, { rooms, serverName });
      const reason = obstacle ?? (refusal && refusals[refusal]);
      if (!reason) return;
      await deleteLink(tx, room);
      await markLinkFailed(tx, room, reason);
      // Time enough to mend it and to try again.
      await leaveUnlessLinked(tx, link.roomId, new Date(Date.now() + dayMs));
    });
  };
}

const refusals = {
  room_exists: 'The entity got another room meanwhile.',
  room_linked_elsewhere: 'That room belongs to another entity.',
};

/** Accepts an invitation. @returns what a human must do before the room can be linked */
async function findObstacle(
  dependencies: LinkDependencies,
  roomId: string,
): Promise<string | undefined> {
  const [actual, bot] = [await dependencies.look(roomId), await dependencies.whoAmI()];
  if (!actual) return `Synapse knows no room ${roomId} in which somebody of this homeserver is.`;
  const membership = actual.members.get(bot)?.membership;
  if (membership === 'invite') await dependencies.rooms.join(roomId);
  else if (membership !== 'join') {
    return `The bot ${bot} is not in ${roomId}: somebody there must invite it, then try again.`;
  }
  const level = levelIn(actual, bot);
  if (level >= highest) return undefined;
  return `The bot ${bot} has power level ${level} in ${roomId} and needs ${highest}: somebody there must give it that, then try again.`;
}
