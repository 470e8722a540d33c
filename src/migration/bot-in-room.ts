import { record } from '../audit/events.ts';
import { syncRoom } from '../entities/matrix-backend.ts';
import type { Actual } from '../matrix/rooms/actual.ts';
import { levelIn } from '../matrix/rooms/levels.ts';
import { SynapseError } from '../matrix/synapse-error.ts';
import type { Homeserver } from './homeserver.ts';
import type { Recording } from './recording.ts';
import type { Target } from './target.ts';

const levelsType = 'm.room.power_levels';

/** What the bot cannot do in a room, in words; nothing when it has this level there. */
export function botProblem(actual: Actual, bot: string, needed: number): string | undefined {
  if (actual.members.get(bot)?.membership !== 'join') return `${bot} is not in the room`;
  const level = levelIn(actual, bot);
  return level >= needed ? undefined : `${bot} has power level ${level} and needs ${needed}`;
}

/**
 * Has Synapse give the bot what the most powerful person of this server has in the room, by that
 * person's hand, and brings the bot into it.
 *
 * @param room of the entity, if there is one
 * @throws SynapseError when nobody of this server has power there
 */
export async function takePower(
  { database }: Pick<Target, 'database'>,
  { rooms, bot }: Homeserver,
  actual: Actual,
  { room, recording }: { room: string | undefined; recording: Recording },
): Promise<void> {
  const { roomId } = actual;
  const levels = actual.state(levelsType);
  // There would be no way back: levels that are empty are not the same as none.
  if (!levels) throw new SynapseError('The room has no power levels', { kind: 'refused' });
  const after = levelsWithBot(actual, bot);
  const key = [roomId, levelsType];
  await recording.append([{ kind: 'room_state', key, before: { ...levels }, after }]);
  await rooms.regainPower(roomId, bot);
  if (actual.members.get(bot)?.membership !== 'join') await rooms.join(roomId);
  const detail = { roomId };
  await record(database, { action: 'migration.power_taken', actor: 'operator', detail });
  // The worker had given the room up.
  if (room) await syncRoom(database, room);
}

/** What Synapse makes of the levels: the bot gets those of the first of the mightiest who are there. */
function levelsWithBot(actual: Actual, bot: string): Record<string, unknown> {
  const levels = actual.state(levelsType) ?? {};
  const users = (levels.users ?? {}) as Record<string, number>;
  const server = bot.slice(bot.indexOf(':'));
  const present = Object.entries(users)
    .filter(([id]) => id.endsWith(server) && actual.members.get(id)?.membership === 'join')
    .sort(([, a], [, b]) => b - a);
  const creatorIsThere = [...actual.creators].some(
    (id) => id.endsWith(server) && actual.members.get(id)?.membership === 'join',
  );
  const highest = creatorIsThere ? 100 : (present[0]?.[1] ?? 100);
  return { ...levels, users: { ...users, [bot]: highest } };
}
