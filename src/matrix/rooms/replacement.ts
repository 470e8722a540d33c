import type { Kick } from './action.ts';
import { type Actual, createContent } from './actual.ts';
import type { Desired } from './desired.ts';
import { planMembers } from './members.ts';
import { nothingToDo, type RoomPlan } from './plan.ts';

/** What a room's people are to go on in, as its `m.room.tombstone` says; empty where that says nothing. */
export function replacementOf(actual: Actual): string | undefined {
  const tombstone = actual.state('m.room.tombstone');
  if (!tombstone) return undefined;
  const { replacement_room: other } = tombstone;
  return typeof other === 'string' && /^!\P{C}{1,254}$/u.test(other) ? other : '';
}

/**
 * Why a room is not what `old` was upgraded to, if it is not. A tombstone can name any room: so that
 * nobody leads the bot into one of somebody else's, the other has to name `old` as well, in the event
 * by which it was made (Client-Server API, "Room upgrades"), by somebody of this homeserver.
 */
export function whyNoReplacement(
  old: Actual,
  candidate: Actual | undefined,
  serverName: string,
): string | undefined {
  if (!candidate?.created) return 'which Synapse does not have';
  if (predecessorOf(candidate) !== old.roomId)
    return 'which does not say that it replaces this one';
  if (!candidate.created.by.endsWith(`:${serverName}`)) return 'which another homeserver made';
  if (createContent(candidate).type !== createContent(old).type) return 'which is of another kind';
  return undefined;
}

export function predecessorOf(actual: Actual): unknown {
  const predecessor = createContent(actual).predecessor as { room_id?: unknown } | null | undefined;
  return predecessor?.room_id;
}

/**
 * What is still to be done to a room that its people have left for another: whoever is taken out of
 * that one must not read on here. All others keep what was written.
 *
 * @param held removals from the other one that wait for an operator
 */
export function planFormerRoom(
  desired: Desired,
  former: Actual,
  held: readonly Kick[],
  bot: string,
): RoomPlan {
  const { kicks, others } = planMembers(desired, former, bot);
  const waiting = new Set(held.map(({ userId }) => userId));
  const gone = kicks.filter(({ userId, reason }) => reason === 'left' && !waiting.has(userId));
  return { ...nothingToDo, actions: [...others.filter(({ kind }) => kind === 'ban'), ...gone] };
}
