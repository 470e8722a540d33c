import { syncRoom } from '../entities/matrix-backend.ts';
import { readActual } from '../matrix/rooms/actual.ts';
import type { RoomDependencies } from '../matrix/rooms/dependencies.ts';
import { planMembers } from '../matrix/rooms/members.ts';
import { readDesired } from '../matrix/rooms/read-desired.ts';
import { changeRoom } from './change-room.ts';
import { forEachConcurrently } from './for-each-concurrently.ts';
import { openHomeserver } from './homeserver.ts';
import { type KnownRoom, stopKeepingStrangers } from './known-rooms.store.ts';
import { Progress } from './progress.ts';
import { type Recording, type RecordingOptions, recorded } from './recording.ts';
import { withRetries } from './retries.ts';
import { roomParts } from './room-parts.ts';
import { allKnownRooms } from './room-source.ts';
import type { Target } from './target.ts';

export type GoLiveOptions = RecordingOptions & { tenant?: string; apply?: boolean };

export type LiveRoom = Pick<KnownRoom, 'roomId' | 'tenant' | 'entityType' | 'entitySlug'> & {
  /** People who would be taken out, because nobody gave them a role. */
  strangers: string[];
};

export type GoLiveReport = {
  dryRun: boolean;
  /** Treated like all others from now on, or in a dry run those that would be. */
  rooms: LiveRoom[];
  missing: string[];
  rollbackFile?: string;
};

const atOnce = 4;

/**
 * Ends that imported rooms keep whoever is in them: from then on people without a role are taken out
 * as MATRIX_STRANGERS says, many of them only once an operator has confirmed it.
 */
export async function goLive(target: Target, options: GoLiveOptions): Promise<GoLiveReport> {
  const report: GoLiveReport = { dryRun: !options.apply, rooms: [], missing: [] };
  const parts = await roomParts(target, await openHomeserver(target));
  const progress = new Progress('rooms', target);
  const work = (recording?: Recording) =>
    forEachConcurrently(allKnownRooms(target.database, options.tenant), atOnce, async (room) => {
      if (room.origin !== 'imported' || room.strangers === null) return;
      const strangers = await strangersIn(parts, room);
      progress.at(report.rooms.length);
      if (!strangers) {
        report.missing.push(room.roomId);
        return;
      }
      if (recording && !(await release(target, room, recording))) return;
      const { roomId, tenant, entityType, entitySlug } = room;
      report.rooms.push({ roomId, tenant, entityType, entitySlug, strangers });
    });
  if (!options.apply) await work();
  else report.rollbackFile = (await recorded(target, 'migration go-live', options, work)).path;
  progress.end();
  return report;
}

/** Nothing where Synapse has no such room. */
async function strangersIn(parts: RoomDependencies, { id, roomId }: KnownRoom) {
  const { db, settings } = parts;
  const desired = await readDesired(db, id, settings);
  if (!desired) return undefined;
  const then = { ...desired, roomId, strangers: settings.strangers };
  const actual = await withRetries(() => readActual(parts, then));
  if (!actual) return undefined;
  const { kicks } = planMembers(then, actual, settings.bot);
  return kicks.filter(({ reason }) => reason === 'stranger').map(({ userId }) => userId);
}

function release(target: Target, { id }: KnownRoom, recording: Recording): Promise<boolean> {
  const action = 'migration.room_released';
  return changeRoom(target, { id, action }, recording, async (tx, { strangers }) => {
    if (strangers === null) return false;
    await stopKeepingStrangers(tx, id);
    await syncRoom(tx, id);
    return true;
  });
}
