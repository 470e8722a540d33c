import { type Content, readActual } from '../matrix/rooms/actual.ts';
import type { RoomDependencies } from '../matrix/rooms/dependencies.ts';
import { highest } from '../matrix/rooms/levels.ts';
import { planRoom } from '../matrix/rooms/plan.ts';
import { readDesired } from '../matrix/rooms/read-desired.ts';
import { SynapseError } from '../matrix/synapse-error.ts';
import { botProblem, takePower } from './bot-in-room.ts';
import { forEachConcurrently } from './for-each-concurrently.ts';
import { type Homeserver, openHomeserver } from './homeserver.ts';
import type { KnownRoom } from './known-rooms.store.ts';
import { Progress } from './progress.ts';
import { type Recording, type RecordingOptions, recorded } from './recording.ts';
import { withRetries } from './retries.ts';
import { roomParts } from './room-parts.ts';
import { allKnownRooms } from './room-source.ts';
import { changeRoomState } from './room-state.ts';
import type { Target } from './target.ts';

export type LevelsOptions = RecordingOptions & {
  tenant?: string;
  apply?: boolean;
  takePower?: boolean;
};

type Named = Pick<KnownRoom, 'roomId' | 'tenant' | 'entityType' | 'entitySlug'>;

export type LevelsReport = {
  dryRun: boolean;
  rooms: number;
  /** Whose levels are as they should be. */
  right: number;
  /** Mended, or in a dry run what would be: people, and whether other levels differ, too. */
  mended: (Named & { people: LevelChange[]; others: boolean })[];
  missing: Named[];
  /** What the bot cannot change, and why. */
  blocked: (Named & { reason: string })[];
  rollbackFile?: string;
};

export type LevelChange = { userId: string; level: number; wanted: number };

const levelsType = 'm.room.power_levels';
const atOnce = 4;

/** Compares the power levels of rooms with the roles of people, by the plan of the worker. */
export async function auditLevels(target: Target, options: LevelsOptions): Promise<LevelsReport> {
  const report: LevelsReport = {
    ...{ dryRun: !options.apply, rooms: 0, right: 0, mended: [], missing: [], blocked: [] },
  };
  const homeserver = await openHomeserver(target);
  const parts = await roomParts(target, homeserver);
  const progress = new Progress('rooms', target);
  const work = (recording?: Recording) =>
    forEachConcurrently(allKnownRooms(target.database, options.tenant), atOnce, async (room) => {
      report.rooms += 1;
      progress.at(report.rooms);
      await new LevelsAudit(target, { homeserver, parts, options, report, recording }).audit(room);
    });
  if (!options.apply) await work();
  else report.rollbackFile = (await recorded(target, 'migration power-levels', options, work)).path;
  progress.end();
  return report;
}

type AuditParts = {
  homeserver: Homeserver;
  parts: RoomDependencies;
  options: LevelsOptions;
  report: LevelsReport;
  recording: Recording | undefined;
};

class LevelsAudit {
  readonly #target: Target;
  readonly #with: AuditParts;

  constructor(target: Target, parts: AuditParts) {
    this.#target = target;
    this.#with = parts;
  }

  async audit(room: KnownRoom): Promise<void> {
    const { report } = this.#with;
    try {
      await this.#compare(room, this.#with.options.takePower ?? false);
    } catch (error) {
      if (!(error instanceof SynapseError) || error.kind === 'retry') throw error;
      report.blocked.push({ ...named(room), reason: error.message });
    }
  }

  async #compare(room: KnownRoom, mayTakePower: boolean): Promise<void> {
    const { parts, homeserver, report, recording } = this.#with;
    const found = await this.#read(room);
    if (!found) {
      report.missing.push(named(room));
      return;
    }
    const { desired, actual } = found;
    const trouble = botProblem(actual, homeserver.bot, highest);
    if (trouble && mayTakePower && recording) {
      await takePower(this.#target, homeserver, actual, { room: room.id, recording });
      return this.#compare(room, false);
    }
    if (trouble) {
      report.blocked.push({ ...named(room), reason: trouble });
      return;
    }
    const plan = planRoom(desired, actual, parts.settings);
    for (const reason of plan.obstacles) report.blocked.push({ ...named(room), reason });
    const action = plan.actions.find(({ kind }) => kind === 'levels');
    if (action?.kind !== 'levels') {
      report.right += 1;
      return;
    }
    const before = actual.state(levelsType) ?? null;
    if (recording) await this.#mend(room.roomId, before, action.content, recording);
    report.mended.push({ ...named(room), ...difference(before ?? {}, action.content) });
  }

  async #read(room: KnownRoom) {
    const { parts } = this.#with;
    const desired = await readDesired(this.#target.database, room.id, parts.settings);
    if (!desired) return undefined;
    const { roomId } = room;
    const actual = await withRetries(() => readActual(parts, { ...desired, roomId }));
    return actual && { desired: { ...desired, roomId }, actual };
  }

  async #mend(roomId: string, before: Content | null, after: Content, recording: Recording) {
    if (!before) throw new SynapseError('The room has no power levels', { kind: 'refused' });
    const target = { database: this.#target.database, rooms: this.#with.homeserver.rooms };
    const change = { roomId, type: levelsType, before: { ...before }, after: { ...after } };
    await changeRoomState(target, change, recording);
  }
}

function difference(before: Content, after: Content): { people: LevelChange[]; others: boolean } {
  const [was, is] = [usersOf(before), usersOf(after)];
  const people = [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .map((userId) => ({ userId, level: was[userId] ?? 0, wanted: is[userId] ?? 0 }))
    .filter(({ level, wanted }) => level !== wanted);
  const rest = (content: Content) => JSON.stringify({ ...content, users: null });
  return { people, others: rest(before) !== rest(after) };
}

function usersOf({ users }: Content): Record<string, number> {
  return (users ?? {}) as Record<string, number>;
}

function named({ roomId, tenant, entityType, entitySlug }: Named): Named {
  return { roomId, tenant, entityType, entitySlug };
}
