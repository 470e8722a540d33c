import { z } from 'zod';
import { isTaken, pendingUntil, spacesAmong } from '../../entities/links.store.ts';
import { leaveUnlessLinked } from '../../entities/links.ts';
import type { Task } from '../../jobs/task.ts';
import type { Actual } from '../rooms/actual.ts';
import { withRoomLock } from '../rooms/lock.store.ts';
import { metadataType } from '../rooms/state.ts';
import { SynapseError } from '../synapse-error.ts';
import type { LinkParts } from './dependencies.ts';
import { words } from './messages.ts';

const roomSchema = z.object({ roomId: z.string() });

/** Accepts an invitation to a room that is to be linked, and to no other. */
export function joinLinkedRoomTask(parts: LinkParts): Task {
  return async (payload) => {
    const { roomId } = roomSchema.parse(payload);
    const until = await pendingUntil(parts.database, roomId);
    if (!until) return;
    const actual = await parts.look(roomId);
    // A public room could be joined without: the bot never comes unasked.
    if (actual?.members.get(await parts.whoAmI())?.membership !== 'invite') return;
    await parts.rooms.join(roomId);
    const encrypted = actual.state('m.room.encryption')?.algorithm !== undefined;
    const greeting = encrypted ? words.encrypted : words.greeting;
    await parts.conversation.say(roomId, greeting, `link until ${until.toISOString()}`);
  };
}

/** Leaves a room whose link was withdrawn or not confirmed in time; stays while another one waits. */
export function leaveUnlinkedRoomTask(parts: LinkParts): Task {
  const { database, rooms, conversation } = parts;
  return async (payload) => {
    const { roomId } = roomSchema.parse(payload);
    if (await isTaken(database, roomId)) return;
    const until = await pendingUntil(database, roomId);
    if (until) return database.transaction((tx) => leaveUnlessLinked(tx, roomId, until));
    const membership = (await parts.look(roomId))?.members.get(await parts.whoAmI())?.membership;
    if (membership === 'join') await conversation.say(roomId, words.notConfirmed, roomId);
    if (membership === 'join' || membership === 'invite') await rooms.leave(roomId);
  };
}

const letGoSchema = z.object({ room: z.uuid(), roomId: z.string(), alias: z.string().nullable() });

/** Takes our mark off a room that is not linked any more, and leaves it to its people. */
export function letGoOfRoomTask(parts: LinkParts): Task {
  return async (payload) => {
    const order = letGoSchema.parse(payload);
    // Somebody may just make the room as it should have been.
    const done = await withRoomLock(parts.database, order.room, () => letGo(parts, order));
    if (!done) throw new Error('The room is being worked on');
  };
}

async function letGo(parts: LinkParts, { roomId, alias }: z.infer<typeof letGoSchema>) {
  const { database, rooms, conversation, serverName } = parts;
  if (await isTaken(database, roomId)) return;
  if (alias) await rooms.removeAlias(`#${alias}:${serverName}`);
  const actual = await parts.look(roomId);
  if (actual?.members.get(await parts.whoAmI())?.membership !== 'join') return;
  const spaces = await spacesAmong(database, actual.keys('m.space.parent'));
  const marks = [...spaces.map((key) => ({ type: 'm.space.parent', key })), ...markOf(actual)];
  for (const { type, key } of marks) {
    await rooms.setState(roomId, type, key, {}).catch(unlessRefused);
  }
  await conversation.say(roomId, words.letGo, roomId);
  await rooms.leave(roomId);
}

function markOf(actual: Actual) {
  const marked = Object.keys(actual.state(metadataType) ?? {}).length > 0;
  return marked ? [{ type: metadataType, key: '' }] : [];
}

/** A bot without power can still leave. */
function unlessRefused(error: unknown): void {
  if (!(error instanceof SynapseError) || error.status !== 403) throw error;
}
