import { isTaken, pendingUntil, spacesAmong } from '../../entities/links.store.ts';
import { leaveUnlessLinked } from '../../entities/links.ts';
import type { JobPayload } from '../../jobs/catalogue.ts';
import type { Task } from '../../jobs/task.ts';
import type { Actual } from '../rooms/actual.ts';
import { withRoomLock } from '../rooms/lock.store.ts';
import { metadataType } from '../rooms/state.ts';
import { SynapseError } from '../synapse-error.ts';
import type { LinkDependencies } from './dependencies.ts';
import { messages } from './messages.ts';

/** Accepts an invitation to a room that is to be linked, and to no other. */
export function joinLinkedRoomTask(dependencies: LinkDependencies): Task<'join-linked-room'> {
  return async ({ roomId }) => {
    const until = await pendingUntil(dependencies.database, roomId);
    if (!until) return;
    const actual = await dependencies.look(roomId);
    // A public room could be joined without: the bot never comes unasked.
    if (actual?.members.get(await dependencies.whoAmI())?.membership !== 'invite') return;
    await dependencies.rooms.join(roomId);
    const encrypted = actual.state('m.room.encryption')?.algorithm !== undefined;
    const greeting = encrypted ? messages.encrypted : messages.greeting;
    await dependencies.conversation.say(roomId, greeting, `link until ${until.toISOString()}`);
  };
}

/** Leaves a room whose link was withdrawn or not confirmed in time; stays while another one waits. */
export function leaveUnlinkedRoomTask(dependencies: LinkDependencies): Task<'leave-unlinked-room'> {
  const { database, rooms, conversation } = dependencies;
  return async ({ roomId }) => {
    if (await isTaken(database, roomId)) return;
    const until = await pendingUntil(database, roomId);
    if (until) return database.transaction((tx) => leaveUnlessLinked(tx, roomId, until));
    const membership = (await dependencies.look(roomId))?.members.get(
      await dependencies.whoAmI(),
    )?.membership;
    if (membership === 'join') await conversation.say(roomId, messages.notConfirmed, roomId);
    if (membership === 'join' || membership === 'invite') await rooms.leave(roomId);
  };
}

/** Takes our mark off a room that is not linked any more, and leaves it to its people. */
export function letGoOfRoomTask(dependencies: LinkDependencies): Task<'let-go-of-room'> {
  return async (order) => {
    // Somebody may just make the room as it should have been.
    const done = await withRoomLock(dependencies.database, order.room, () =>
      letGo(dependencies, order),
    );
    if (!done) throw new Error('The room is being worked on');
  };
}

async function letGo(
  dependencies: LinkDependencies,
  { roomId, alias }: JobPayload<'let-go-of-room'>,
) {
  const { database, rooms, conversation, serverName } = dependencies;
  if (await isTaken(database, roomId)) return;
  if (alias) await rooms.removeAlias(`#${alias}:${serverName}`);
  const actual = await dependencies.look(roomId);
  if (actual?.members.get(await dependencies.whoAmI())?.membership !== 'join') return;
  const spaces = await spacesAmong(database, actual.keys('m.space.parent'));
  const marks = [...spaces.map((key) => ({ type: 'm.space.parent', key })), ...markOf(actual)];
  for (const { type, key } of marks) {
    await rooms.setState(roomId, type, key, {}).catch(unlessRefused);
  }
  await conversation.say(roomId, messages.letGo, roomId);
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
