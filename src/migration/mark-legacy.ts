import { AppError } from '../errors.ts';
import { type Actual, actualOf, type Content } from '../matrix/rooms/actual.ts';
import { readDesired } from '../matrix/rooms/read-desired.ts';
import { metadataType } from '../matrix/rooms/state.ts';
import { SynapseError } from '../matrix/synapse-error.ts';
import { botProblem, takePower } from './bot-in-room.ts';
import { changeRoom } from './change-room.ts';
import { forEachConcurrently } from './for-each-concurrently.ts';
import { type Homeserver, openHomeserver } from './homeserver.ts';
import type { Problem } from './import/lines.ts';
import { type KnownRoom, markLegacyRow } from './known-rooms.store.ts';
import { Progress } from './progress.ts';
import { type Recording, type RecordingOptions, recorded } from './recording.ts';
import { withRetries } from './retries.ts';
import { type SelectedRoom, type SourceOptions, selectRooms } from './room-source.ts';
import { changeRoomState } from './room-state.ts';
import type { Target } from './target.ts';

export type MarkOptions = RecordingOptions &
  SourceOptions & { apply?: boolean; takePower?: boolean };

export type MarkReport = {
  dryRun: boolean;
  rooms: number;
  /** Got metadata, or in a dry run would. */
  marked: { roomId: string; entityType: string; entitySlug?: string }[];
  /** Have metadata already. */
  present: number;
  /** Have metadata that say they are another tenant's, or another entity's. */
  contradicting: { roomId: string; says: Content }[];
  missing: string[];
  /** Where the bot may not write. */
  blocked: { roomId: string; reason: string }[];
  problems: Problem[];
  rollbackFile?: string;
};

const atOnce = 4;

/** Gives rooms without metadata what is known of them, and says that they are from before. */
export async function markLegacy(target: Target, options: MarkOptions): Promise<MarkReport> {
  const report: MarkReport = {
    ...{ dryRun: !options.apply, rooms: 0, marked: [], present: 0, contradicting: [] },
    ...{ missing: [], blocked: [], problems: [] },
  };
  const homeserver = await openHomeserver(target);
  const sought = selectRooms(target, options, (problem) => report.problems.push(problem));
  const progress = new Progress('rooms', target);
  const work = (recording?: Recording) =>
    forEachConcurrently(sought, atOnce, async (room) => {
      report.rooms += 1;
      progress.at(report.rooms);
      await new Marking(target, homeserver, report, options, recording).mark(room);
    });
  if (!options.apply) await work();
  else report.rollbackFile = (await recorded(target, 'migration mark-legacy', options, work)).path;
  progress.end();
  return report;
}

class Marking {
  readonly #target: Target;
  readonly #homeserver: Homeserver;
  readonly #report: MarkReport;
  readonly #options: MarkOptions;
  readonly #recording: Recording | undefined;

  constructor(
    target: Target,
    homeserver: Homeserver,
    report: MarkReport,
    options: MarkOptions,
    recording?: Recording,
  ) {
    this.#target = target;
    this.#homeserver = homeserver;
    this.#report = report;
    this.#options = options;
    this.#recording = recording;
  }

  async mark({ roomId, known }: SelectedRoom): Promise<void> {
    const actual = await this.#read(roomId);
    if (!actual) {
      this.#report.missing.push(roomId);
      return;
    }
    const said = actual.state(metadataType);
    if (said && Object.keys(said).length > 0) {
      this.#compare(roomId, said, known);
      return;
    }
    const trouble = botProblem(actual, this.#homeserver.bot, levelNeeded(actual));
    if (trouble && !this.#options.takePower) {
      this.#report.blocked.push({ roomId, reason: trouble });
      return;
    }
    await this.#write(actual, known, Boolean(trouble));
  }

  async #read(roomId: string): Promise<Actual | undefined> {
    const events = await withRetries(() => this.#homeserver.rooms.readState(roomId));
    return events && actualOf(roomId, events);
  }

  #compare(roomId: string, said: Content, known: KnownRoom | undefined): void {
    const agrees = !known || !contradicts(said, known);
    if (agrees) this.#report.present += 1;
    else this.#report.contradicting.push({ roomId, says: said });
  }

  async #write(actual: Actual, known: KnownRoom | undefined, powerless: boolean): Promise<void> {
    const { roomId } = actual;
    const recording = this.#recording;
    try {
      if (recording) {
        const about = { room: known?.id, recording };
        if (powerless) await takePower(this.#target, this.#homeserver, actual, about);
        await this.#writeMetadata(roomId, known, recording);
      }
      const { entityType = 'unknown', entitySlug } = known ?? {};
      this.#report.marked.push({ roomId, entityType, ...(entitySlug && { entitySlug }) });
    } catch (error) {
      if (!(error instanceof SynapseError) || error.kind === 'retry') throw error;
      this.#report.blocked.push({ roomId, reason: error.message });
    }
  }

  async #writeMetadata(roomId: string, known: KnownRoom | undefined, recording: Recording) {
    const before = null;
    const legacy = { legacy_room: true, migration_date: new Date().toISOString() };
    const after = known
      ? await this.#metadataOf(known, legacy, recording)
      : { entity_type: 'unknown', ...legacy };
    const target = { database: this.#target.database, rooms: this.#homeserver.rooms };
    await changeRoomState(target, { roomId, type: metadataType, before, after }, recording);
  }

  /** What the worker writes, too, so that it finds nothing to change. */
  async #metadataOf(
    { id }: KnownRoom,
    legacy: Record<string, unknown>,
    recording: Recording,
  ): Promise<Record<string, unknown>> {
    const { database, config } = this.#target;
    const action = 'migration.room_marked';
    await changeRoom({ database }, { id, action }, recording, async (tx, room) => {
      if (room.metadata.legacy_room) return false;
      await markLegacyRow(tx, id, legacy);
      return true;
    });
    const { serverName, rooms } = config.matrix;
    const desired = await readDesired(database, id, { ...rooms, serverName });
    if (desired) return { ...desired.metadata };
    throw new AppError('room_not_found', { message: 'The entity is gone.' });
  }
}

/** To write metadata: what the room asks of whoever sends such an event. */
function levelNeeded(actual: Actual): number {
  const levels = actual.state('m.room.power_levels') ?? {};
  const events = (levels.events ?? {}) as Record<string, unknown>;
  return Number(events[metadataType] ?? levels.state_default ?? 50);
}

/** A room that nothing was known of contradicts nobody. */
function contradicts(said: Content, { tenantId, entityType, entitySlug }: KnownRoom): boolean {
  const differs = (field: string, ours: string) =>
    said[field] !== undefined && said[field] !== 'unknown' && said[field] !== ours;
  return (
    differs('tenant_id', tenantId) ||
    differs('entity_type', entityType) ||
    differs('entity_slug', entitySlug)
  );
}
