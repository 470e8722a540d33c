import type { Transaction } from '../database/database.ts';
import { DesiredState } from '../entities/desired-state.ts';
import type { EntityType } from '../entities/room.ts';
import { AppError } from '../errors.ts';
import { requireTenant } from '../tenants/find.ts';
import { changeRoom } from './change-room.ts';
import { forEachConcurrently } from './for-each-concurrently.ts';
import { type Homeserver, openHomeserver } from './homeserver.ts';
import { activateRoom, clearedRooms, clearRoom, type KnownRoom } from './known-rooms.store.ts';
import { Progress } from './progress.ts';
import { type Recording, type RecordingOptions, recorded } from './recording.ts';
import { conditionOf } from './room-condition.ts';
import { allKnownRooms } from './room-source.ts';
import type { Target } from './target.ts';

export type MissingOptions = RecordingOptions & {
  tenant?: string;
  apply?: boolean;
  /** Also where most rooms are missing. */
  yes?: boolean;
};

export type MissingRoom = Pick<KnownRoom, 'tenant' | 'entityType' | 'entitySlug' | 'roomId'>;

export type MissingReport = {
  dryRun: boolean;
  /** Rooms that Synapse was asked for. */
  rooms: number;
  /** Done, or in a dry run what would be. */
  cleared: MissingRoom[];
  recreated: MissingRoom[];
  rollbackFile?: string;
};

const atOnce = 8;

/**
 * Forgets rooms that Synapse does not have. Each is asked for once more before it is forgotten; one
 * that exists is never touched.
 *
 * @throws AppError `most_rooms_missing` (409) without `yes`
 */
export async function clearMissing(
  target: Target,
  options: MissingOptions,
): Promise<MissingReport> {
  const command = 'migration clear-missing';
  return withMissing(target, options, command, async (report, missing, recording) => {
    for (const room of missing.rooms) {
      const done = !recording || (await clear(target, missing.synapse, room, recording));
      if (done) report.cleared.push(named(room));
    }
  });
}

/** Has rooms made anew for entities whose room is missing, or was cleared. */
export async function recreateMissing(
  target: Target,
  options: MissingOptions,
): Promise<MissingReport> {
  const command = 'migration recreate-missing';
  return withMissing(target, options, command, async (report, missing, recording) => {
    for (const room of missing.rooms) {
      if (recording && !(await clear(target, missing.synapse, room, recording))) continue;
      if (recording) await recreate(target, room, recording);
      report.recreated.push(named(room));
    }
    for await (const room of allCleared(target, options)) {
      if (recording && !(await recreate(target, room, recording))) continue;
      report.recreated.push(named({ ...room, roomId: room.formerRoomId ?? '' }));
    }
  });
}

type Missing = Pick<Homeserver, 'synapse'> & { rooms: KnownRoom[] };
type Work = (report: MissingReport, missing: Missing, recording?: Recording) => Promise<void>;

async function withMissing(target: Target, options: MissingOptions, command: string, work: Work) {
  const dryRun = !options.apply;
  const report: MissingReport = { dryRun, rooms: 0, cleared: [], recreated: [] };
  const missing = await findMissing(target, options, report);
  if (dryRun) {
    await work(report, missing);
    return report;
  }
  checkShare(report, missing.rooms.length, options);
  const { path } = await recorded(target, command, options, (recording) =>
    work(report, missing, recording),
  );
  report.rollbackFile = path;
  return report;
}

async function findMissing(
  target: Target,
  { tenant }: MissingOptions,
  report: MissingReport,
): Promise<Missing> {
  const { synapse } = await openHomeserver(target);
  const progress = new Progress('rooms', target);
  const rooms: KnownRoom[] = [];
  await forEachConcurrently(allKnownRooms(target.database, tenant), atOnce, async (room) => {
    const { condition } = await conditionOf(synapse, room.roomId);
    if (condition === 'missing') rooms.push(room);
    report.rooms += 1;
    progress.at(report.rooms);
  });
  progress.end();
  return { synapse, rooms };
}

/** Another server's database, restored without its rooms, looks just like this. */
function checkShare({ rooms }: MissingReport, missing: number, { yes }: MissingOptions): void {
  if (yes || missing < 10 || missing * 2 <= rooms) return;
  throw new AppError('most_rooms_missing', {
    message: `${missing} of ${rooms} rooms are missing. If this is the right homeserver, say --yes.`,
    details: { missing, rooms },
  });
}

async function clear(
  target: Target,
  synapse: Missing['synapse'],
  room: KnownRoom,
  recording: Recording,
): Promise<boolean> {
  const action = 'migration.room_cleared';
  return changeRoom(target, { id: room.id, action }, recording, async (tx, { roomId }) => {
    if (roomId !== room.roomId) return false;
    if ((await conditionOf(synapse, room.roomId)).condition !== 'missing') return false;
    await clearRoom(tx, room);
    return true;
  });
}

/** As when the platform tells of the entity: it gets an alias, and the worker makes its room. */
async function recreate(
  target: Target,
  { id }: Pick<KnownRoom, 'id'>,
  recording: Recording,
): Promise<boolean> {
  const action = 'migration.room_recreated';
  return changeRoom(target, { id, action }, recording, async (tx, room) => {
    if (room.state !== 'awaited' || room.roomId !== null) return false;
    await activateRoom(tx, id);
    await queue(target, tx, room);
    return true;
  });
}

async function queue(
  { config }: Target,
  tx: Transaction,
  entity: { tenantId: string; entityType: EntityType; entitySlug: string },
): Promise<void> {
  const { rooms, serverName } = config.matrix;
  const desiredState = await DesiredState.open(tx, {
    entities: [entity],
    awaiting: false,
    rooms,
    serverName,
  });
  desiredState.touch(entity);
  await desiredState.save();
}

async function* allCleared({ database }: Target, { tenant }: MissingOptions) {
  const tenantId = tenant ? (await requireTenant(database, tenant)).id : null;
  const limit = 200;
  for (let after: string | null = null; ; ) {
    const page: Awaited<ReturnType<typeof clearedRooms>> = await clearedRooms(database, {
      tenantId,
      after,
      limit,
    });
    yield* page;
    if (page.length < limit) return;
    after = page.at(-1)?.id ?? null;
  }
}

function named({ tenant, entityType, entitySlug, roomId }: MissingRoom): MissingRoom {
  return { tenant, entityType, entitySlug, roomId };
}
