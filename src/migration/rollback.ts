import { record } from '../audit/events.ts';
import { AppError } from '../errors.ts';
import type { Change } from './change.ts';
import { isConflict } from './conflict.ts';
import { type Homeserver, openHomeserver } from './homeserver.ts';
import { Progress } from './progress.ts';
import { installationOf, type Recording, type RecordingOptions, recorded } from './recording.ts';
import { WrittenRollback } from './rollback-file.ts';
import { undoRoomState } from './room-state.ts';
import type { Value } from './subjects.ts';
import type { Target } from './target.ts';
import {
  currentValues,
  netChanges,
  planUndo,
  type Refusal,
  refusalOf,
  revert,
  type Step,
} from './undo.ts';

export type RollbackReport = {
  dryRun: boolean;
  /** The command whose changes these are, and when it began. */
  of: string;
  at: string;
  changes: number;
  /** Whether the file's end was cut off, by a crash before that change. */
  torn: boolean;
  /** Set back, or in a dry run what would be. */
  undone: number;
  /** As before already: never made, or undone by a run that was cut short. */
  present: number;
  /** What is left as it is, and why. */
  refused: Refusal[];
  /** Undoes this, if anything was changed. */
  rollbackFile?: string;
};

const batchSize = 300;

/**
 * Sets back what the command changed that wrote the file, the last change first, as far as nobody
 * changed it again since.
 *
 * @throws AppError `file_unreadable`, `rollback_file_invalid`, `rollback_file_foreign` (409)
 */
export async function rollBack(
  target: Target,
  path: string,
  options: RecordingOptions & { apply?: boolean },
): Promise<RollbackReport> {
  const written = await WrittenRollback.open(path);
  try {
    await checkInstallation(target, written);
    const { of, at } = written.header;
    const { count: changes, torn } = written;
    const dryRun = !options.apply;
    const counts = { undone: 0, present: 0, refused: [] };
    const report: RollbackReport = { dryRun, of, at, changes, torn, ...counts };
    const work = (recording?: Recording) => new Rollback(target, report, recording).run(written);
    if (dryRun) await work();
    else report.rollbackFile = (await recorded(target, 'migration rollback', options, work)).path;
    return report;
  } finally {
    await written.close();
  }
}

async function checkInstallation(target: Target, { header }: WrittenRollback): Promise<void> {
  if (header.installation === (await installationOf(target))) return;
  throw new AppError('rollback_file_foreign', {
    message: 'The file is of another installation: its changes were made in another database.',
  });
}

class Rollback {
  readonly #target: Target;
  readonly #report: RollbackReport;
  readonly #recording: Recording | undefined;
  /** What a dry run takes for set back. */
  readonly #assumed = new Map<string, Value | null>();
  #homeserver: Homeserver | undefined;

  constructor(target: Target, report: RollbackReport, recording?: Recording) {
    this.#target = target;
    this.#report = report;
    this.#recording = recording;
  }

  async run(written: WrittenRollback): Promise<void> {
    const progress = new Progress('changes', this.#target);
    let batch: Change[] = [];
    let done = 0;
    for await (const change of written.backwards()) {
      done += 1;
      progress.at(done, written.count);
      const isState = change.kind === 'room_state';
      if (batch.length === batchSize || (isState && batch.length > 0)) {
        await this.#undo(batch);
        batch = [];
      }
      if (isState) await this.#undoRoomState(change);
      else batch.push(change);
    }
    await this.#undo(batch);
    progress.end();
  }

  async #undoRoomState(change: Change): Promise<void> {
    this.#homeserver ??= await openHomeserver(this.#target);
    const verdict = await undoRoomState(
      { database: this.#target.database, rooms: this.#homeserver.rooms },
      change,
      { recording: this.#recording, assumed: this.#assumed },
    );
    if (verdict === 'undone' || verdict === 'present') this.#report[verdict] += 1;
    else this.#report.refused.push({ ...refusalOf(change), reason: verdict });
  }

  async #undo(batch: readonly Change[]): Promise<void> {
    const [first] = batch;
    if (!first) return;
    try {
      const { undone, present, refused } = await this.#step(batch);
      this.#report.undone += undone;
      this.#report.present += present;
      this.#report.refused.push(...refused);
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (batch.length > 1) for (const change of batch) await this.#undo([change]);
      else this.#report.refused.push({ ...refusalOf(first), reason: 'taken_meanwhile' });
    }
  }

  #step(batch: readonly Change[]): Promise<Step> {
    return this.#target.database.transaction(async (tx) => {
      const found = await currentValues(tx, batch);
      const recording = this.#recording;
      if (!recording) {
        for (const place of found.keys()) {
          const assumed = this.#assumed.get(place);
          if (assumed !== undefined) found.set(place, assumed);
        }
      }
      const { step, now } = planUndo(batch, found);
      if (!recording) {
        for (const [place, value] of now) this.#assumed.set(place, value);
        return step;
      }
      const made = netChanges(batch, found, now);
      const stuck = await revert(tx, made);
      await recording.append(made);
      const undone = step.undone - stuck.length;
      if (undone > 0) {
        const detail = { of: this.#report.of, changes: undone };
        await record(tx, { action: 'migration.rolled_back', actor: 'operator', detail });
      }
      return { ...step, undone, refused: [...step.refused, ...stuck] };
    });
  }
}
