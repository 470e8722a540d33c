import type { Queryable } from '../../database/database.ts';
import { syncRoom } from '../../entities/matrix-backend.ts';
import { giveUpJob } from '../../jobs/jobs.store.ts';
import { GiveUp, type Task } from '../../jobs/task.ts';
import { SynapseError } from '../synapse-error.ts';
import { readActual } from './actual.ts';
import { applyPlan } from './apply.ts';
import { findRoom, makeRoom } from './create.ts';
import { type RoomDependencies, type RoomTaskOptions, roomDependencies } from './dependencies.ts';
import type { Desired } from './desired.ts';
import { followUpgrade, repairFormerRoom } from './follow.ts';
import { withRoomLock } from './lock.store.ts';
import { isOver, nothingToDo, planRoom, type RoomPlan } from './plan.ts';
import { isNewer, markFailed, markOver, markSynced } from './progress.store.ts';
import { readDesired } from './read-desired.ts';
import { keepSpace } from './spaces.ts';
import { Preempted, Superseded } from './time-slice.ts';

/** What changes while a room is worked on is done at once, so often; then others have their turn. */
const rounds = 5;

/** Makes a room on Synapse as it should be now. Never two at once for one room. */
export function syncRoomTask(options: RoomTaskOptions): Task<'sync-room'> {
  const { database } = options;
  const open = roomDependencies(options);
  return async ({ room, pictureTries }, { jobId }) => {
    const mine = await withRoomLock(database, room, (db) =>
      bringAbout(() => open(db, pictureTries), db, { room, jobId }),
    );
    // Whoever is at it may have read what should be before it was changed.
    if (!mine) await syncRoom(database, room, new Date(Date.now() + 300));
  };
}

async function bringAbout(
  open: () => Promise<RoomDependencies>,
  db: Queryable,
  { room, jobId }: { room: string; jobId: string },
): Promise<void> {
  try {
    const dependencies = await open();
    for (let round = 0; round < rounds; round += 1) {
      const version = await bringUpToDate(dependencies, room);
      if (version === undefined || !(await isNewer(db, room, version))) return;
    }
    await syncRoom(db, room);
  } catch (cause) {
    if (cause instanceof Preempted) return syncRoom(db, room);
    const error = asFailure(cause);
    // Before the error is seen: whoever sees it learns whether it is tried again.
    if (error instanceof GiveUp) await giveUpJob(db, jobId).catch(() => {});
    await markFailed(db, room, error.message).catch(() => {});
    throw error;
  }
}

/** What Synapse refuses it refuses again; anything else may be over the next time. */
function asFailure(error: unknown): Error {
  if (error instanceof SynapseError && error.kind === 'refused') {
    return new GiveUp(error.message, { cause: error });
  }
  return error instanceof Error ? error : new Error(String(error));
}

/** @returns which version of what should be was worked on; nothing when there is nothing to be */
async function bringUpToDate(
  dependencies: RoomDependencies,
  room: string,
): Promise<string | undefined> {
  const desired = await readDesired(dependencies.db, room, dependencies.settings);
  if (!desired || desired.state === 'awaited') return undefined;
  try {
    const changed = await settle(dependencies, desired);
    await markSynced(dependencies.db, room, desired.wantedVersion);
    if (changed) await keepSpace(dependencies, desired);
  } catch (error) {
    if (!(error instanceof Superseded)) throw error;
  }
  return desired.wantedVersion;
}

/** @returns whether anything was changed */
async function settle(dependencies: RoomDependencies, desired: Desired): Promise<boolean> {
  const roomId = desired.roomId ?? (await begin(dependencies, desired));
  if (!roomId) {
    await purgeRemains(dependencies, desired, desired.formerRoomId);
    await markOver(dependencies.db, desired.id, null);
    return false;
  }
  const { plan, over, movedTo } = await mend(dependencies, { ...desired, roomId });
  if (movedTo) {
    const held = { held: null, confirmed: null };
    await settle(dependencies, { ...desired, ...held, roomId: movedTo, formerRoomId: roomId });
    return true;
  }
  if (!over) return plan.actions.length > 0 || desired.roomId === null;
  await purgeRemains(dependencies, desired, roomId);
  await markOver(dependencies.db, desired.id, roomId);
  if (desired.state === 'deleted') return true;
  return settle(dependencies, { ...desired, roomId: null, formerRoomId: roomId, held: null });
}

/** What was written stays when everybody has left; the platform may ask for that to go as well. */
async function purgeRemains(
  dependencies: RoomDependencies,
  desired: Desired,
  roomId: string | null,
): Promise<void> {
  const isWanted = desired.state === 'deleted' && desired.purge && desired.origin !== 'linked';
  if (!isWanted || !roomId || !(await dependencies.rooms.readState(roomId))) return;
  const plan: RoomPlan = { ...nothingToDo, actions: [{ kind: 'purge' }] };
  await applyPlan(dependencies, { ...desired, roomId }, plan);
}

/** A deleted entity may have a room that was begun and never noted. */
async function begin(
  dependencies: RoomDependencies,
  desired: Desired,
): Promise<string | undefined> {
  if (desired.state !== 'deleted') return makeRoom(dependencies, desired);
  return (await findRoom(dependencies, desired)) && makeRoom(dependencies, desired);
}

type WithRoom = Desired & { roomId: string };
type Mended = { plan: RoomPlan; over: boolean; movedTo?: string };

/** @returns whether the room is to be given up, and was emptied */
async function mend(
  dependencies: RoomDependencies,
  desired: WithRoom,
  isSecondTry = false,
): Promise<Mended> {
  const { roomId } = desired;
  const actual = await readActual(dependencies, desired);
  // Synapse forgets the state of a room that nobody is in any more.
  if (!actual?.created) return { plan: whatIsGone(desired), over: true };
  const upgrade = await followUpgrade(dependencies, desired, actual);
  if (upgrade && 'roomId' in upgrade) {
    return { plan: nothingToDo, over: false, movedTo: upgrade.roomId };
  }
  const plan = planRoom(desired, actual, dependencies.settings);
  if (plan.problem) {
    if (!plan.remedy || isSecondTry) throw new GiveUp(plan.problem);
    await remedy(dependencies, roomId, plan.remedy, plan.problem);
    return mend(dependencies, desired, true);
  }
  await applyPlan(dependencies, desired, plan);
  const remains = [upgrade?.obstacle, ...plan.remains].filter(Boolean).join('; ');
  if (remains) throw upgrade?.waits ? new Error(remains) : new GiveUp(remains);
  await repairFormerRoom(dependencies, desired, actual, plan);
  return { plan, over: isOver(desired, actual) };
}

/** Nobody can enter the room any more: another is made, unless people had one before us. */
function whatIsGone({ origin, state, roomId }: WithRoom): RoomPlan {
  if (origin !== 'made' && state !== 'deleted') {
    throw new GiveUp(
      `Synapse has no room ${roomId} any more: link another room, or unlink this one`,
    );
  }
  return nothingToDo;
}

async function remedy(
  { rooms, settings }: RoomDependencies,
  roomId: string,
  what: 'return' | 'regain power',
  problem: string,
): Promise<void> {
  try {
    if (what === 'return' && (await joins(rooms, roomId))) return;
    await rooms.regainPower(roomId, settings.bot);
    if (what === 'return') await rooms.join(roomId);
  } catch (error) {
    if (error instanceof SynapseError && error.kind !== 'retry') {
      throw new GiveUp(problem, { cause: error });
    }
    throw error;
  }
}

async function joins(rooms: RoomDependencies['rooms'], roomId: string): Promise<boolean> {
  try {
    await rooms.join(roomId);
    return true;
  } catch (error) {
    if (error instanceof SynapseError && error.kind !== 'retry') return false;
    throw error;
  }
}
