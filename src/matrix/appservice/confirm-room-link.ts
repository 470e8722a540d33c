import { linkCodeFingerprint } from '../../entities/link-code.ts';
import { accountOfHandle, isTaken, linkByCode } from '../../entities/links.store.ts';
import { completeLink } from '../../entities/links.ts';
import type { Task } from '../../jobs/task.ts';
import type { Actual } from '../rooms/actual.ts';
import { highest, levelIn } from '../rooms/levels.ts';
import type { Message } from './conversation.ts';
import type { LinkDependencies } from './dependencies.ts';
import { commandPrefix } from './events.ts';
import { messages } from './messages.ts';

const command = new RegExp(`^${commandPrefix}\\s+link\\s+(\\S+)\\s*$`, 'i');

/**
 * Hears what somebody said to the bot in a room that is to be linked, and answers there. What was said
 * and what its sender may do is read from Synapse: nothing that was reported to us decides anything.
 */
export function confirmRoomLinkTask(dependencies: LinkDependencies): Task<'confirm-room-link'> {
  const { conversation } = dependencies;
  return async ({ roomId, eventId }) => {
    const message = await conversation.read(roomId, eventId);
    if (!message || message.sender === (await dependencies.whoAmI())) return;
    const answer = await answerTo(dependencies, roomId, message);
    if (answer) await conversation.say(roomId, answer, eventId);
  };
}

async function answerTo(
  dependencies: LinkDependencies,
  roomId: string,
  { sender, body }: Message,
): Promise<string | undefined> {
  const { database, settings: rooms, serverName } = dependencies;
  const [, code] = command.exec(body) ?? [];
  if (!code) return messages.usage;
  const link = await linkByCode(database, roomId, linkCodeFingerprint(code));
  // Also when this runs once more after it linked the room and was interrupted.
  if (!link)
    return (await isTaken(database, roomId)) ? messages.linkedAlready : messages.unknownCode;
  const actual = await dependencies.look(roomId);
  if (!actual) return undefined;
  if (!mayChangePermissions(actual, sender)) return messages.notAllowed;
  const power = levelIn(actual, await dependencies.whoAmI());
  if (power < highest) return messages.botTooWeak(power);
  const confirmedBy = await accountOf(dependencies, sender);
  const refusal = await database.transaction((tx) =>
    completeLink(tx, { ...link, confirmedBy }, { rooms, serverName }),
  );
  return refusal ? messages[refusal] : messages.linked(link);
}

/** Client-Server API, `m.room.power_levels`: what is needed for an event of that type itself. */
function mayChangePermissions(actual: Actual, userId: string): boolean {
  if (actual.members.get(userId)?.membership !== 'join') return false;
  const levels = actual.state('m.room.power_levels');
  const events = levels?.events as Record<string, unknown> | undefined;
  const needed = Number(events?.['m.room.power_levels'] ?? levels?.state_default ?? 50);
  return levelIn(actual, userId) >= needed;
}

async function accountOf(
  { database, serverName }: LinkDependencies,
  userId: string,
): Promise<string> {
  const end = `:${serverName}`;
  if (!userId.endsWith(end)) return 'system';
  return (await accountOfHandle(database, userId.slice(1, -end.length))) ?? 'system';
}
