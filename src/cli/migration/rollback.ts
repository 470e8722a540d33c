import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import { record } from '../../events.ts';
import type { Cli } from '../run.ts';
import { type Change, type ChangeKind, identityOf, inverse } from './change.ts';
import { isConflict } from './conflict.ts';
import { givenUp } from './dry-run.ts';
import { Progress } from './progress.ts';
import { installationOf, type Recording, type RecordingOptions, recorded } from './recording.ts';
import { WrittenRollback } from './rollback-file.ts';
import { undoRoomState } from './room-state.ts';
import { type Key, placeOf, subjects, type Target, type Value } from './subjects.ts';

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

export type Refusal = {
  kind: ChangeKind;
  key: Key;
  /** `changed_since`: it is neither as the migration left it nor as it was before. */
  reason: 'changed_since' | 'in_use' | 'taken_meanwhile' | 'room_missing';
};

const batchSize = 300;

/**
 * Sets back what the command changed that wrote the file, the last change first, as far as nobody
 * changed it again since.
 *
 * @throws AppError `file_unreadable`, `rollback_file_invalid`, `rollback_file_foreign` (409)
 */
export async function rollBack(
  cli: Cli,
  path: string,
  options: RecordingOptions & { apply?: boolean },
): Promise<RollbackReport> {
  const written = await WrittenRollback.open(path);
  try {
    await checkInstallation(cli, written);
    const { of, at } = written.header;
    const { count: changes, torn } = written;
    const dryRun = !options.apply;
    const counts = { undone: 0, present: 0, refused: [] };
    const report: RollbackReport = { dryRun, of, at, changes, torn, ...counts };
    const work = (recording?: Recording) => new Rollback(cli, report, recording).run(written);
    if (dryRun) await work();
    else report.rollbackFile = (await recorded(cli, 'migration rollback', options, work)).path;
    return report;
  } finally {
    await written.close();
  }
}

async function checkInstallation(cli: Cli, { header }: WrittenRollback): Promise<void> {
  if (header.installation === (await installationOf(cli))) return;
  throw new AppError('rollback_file_foreign', {
    status: 409,
    message: 'The file is of another installation: its changes were made in another database.',
  });
}

class Rollback {
  readonly #cli: Cli;
  readonly #report: RollbackReport;
  readonly #recording: Recording | undefined;

  constructor(cli: Cli, report: RollbackReport, recording?: Recording) {
    this.#cli = cli;
    this.#report = report;
    this.#recording = recording;
  }

  async run(written: WrittenRollback): Promise<void> {
    const progress = new Progress('changes', this.#cli);
    let batch: Change[] = [];
    let done = 0;
    for await (const change of written.backwards()) {
      done += 1;
      progress.at(done, written.count);
      const full = batch.length === batchSize;
      if (full || (change.kind === 'room_state' && batch.length > 0)) {
        await this.#undo(batch);
        batch = [];
      }
      if (change.kind === 'room_state') await this.#undoRoomState(change);
      else batch.push(change);
    }
    await this.#undo(batch);
    progress.end();
  }

  async #undoRoomState(change: Change): Promise<void> {
    const outcome = await undoRoomState(this.#cli, change, this.#recording);
    if (outcome === 'undone' || outcome === 'present') this.#report[outcome] += 1;
    else this.#report.refused.push({ kind: change.kind, key: change.key, reason: outcome });
  }

  async #undo(batch: readonly Change[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const { undone, present, refused } = await this.#transact(batch);
      this.#report.undone += undone;
      this.#report.present += present;
      this.#report.refused.push(...refused);
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (batch.length > 1) for (const change of batch) await this.#undo([change]);
      else
        this.#report.refused.push({ ...refusalOf(batch[0] as Change), reason: 'taken_meanwhile' });
    }
  }

  #transact(batch: readonly Change[]): Promise<Step> {
    const { database } = this.#cli;
    const recording = this.#recording;
    if (!recording) return givenUp(database, async (tx) => (await undoChanges(tx, batch)).step);
    return database.transaction(async (tx) => {
      const { step, made } = await undoChanges(tx, batch);
      await recording.append(made);
      if (step.undone > 0) {
        const detail = { of: this.#report.of, changes: step.undone };
        await record(tx, { action: 'migration.rolled_back', actor: 'operator', detail });
      }
      return step;
    });
  }
}

type Step = { undone: number; present: number; refused: Refusal[] };

async function undoChanges(
  tx: Transaction,
  batch: readonly Change[],
): Promise<{ step: Step; made: Change[] }> {
  const found = await currentValues(tx, batch);
  const now = new Map(found);
  const step: Step = { undone: 0, present: 0, refused: [] };
  for (const change of batch) {
    const place = identityOf(change);
    const current = now.get(place) ?? null;
    if (isDeepStrictEqual(current, change.before)) step.present += 1;
    else if (isDeepStrictEqual(current, change.after)) {
      now.set(place, change.before);
      step.undone += 1;
    } else step.refused.push(refusalOf(change));
  }
  const wanted = batch.filter(
    (change) => now.get(identityOf(change)) !== found.get(identityOf(change)),
  );
  const stuck = await setBack(tx, wanted, now);
  step.undone -= stuck.length;
  step.refused.push(...stuck);
  const made = wanted.map((change) => ({
    ...inverse(change),
    before: found.get(identityOf(change)) ?? null,
    after: now.get(identityOf(change)) ?? null,
  }));
  return { step, made };
}

async function currentValues(tx: Transaction, batch: readonly Change[]) {
  const values = new Map<string, Value | null>();
  for (const kind of ['room', 'membership', 'platform_identity', 'handle'] as const) {
    const keys = batch.filter((change) => change.kind === kind).map(({ key }) => key);
    if (keys.length === 0) continue;
    const found = await subjects[kind].read(tx, keys);
    for (const key of keys) values.set(identityOf({ kind, key }), found.get(placeOf(key)) ?? null);
  }
  return values;
}

/** Rooms come before their members, and go after them. */
async function setBack(
  tx: Transaction,
  changes: readonly Change[],
  values: ReadonlyMap<string, Value | null>,
): Promise<Refusal[]> {
  const targets = (kind: ChangeKind): Target[] => {
    const places = new Map(
      changes.filter((change) => change.kind === kind).map((it) => [identityOf(it), it.key]),
    );
    return [...places].map(([place, key]) => ({ key, value: values.get(place) ?? null }));
  };
  const rooms = targets('room');
  const steps = [
    ['room', rooms.filter(({ value }) => value !== null)],
    ['membership', targets('membership')],
    ['platform_identity', targets('platform_identity')],
    ['handle', targets('handle')],
    ['room', rooms.filter(({ value }) => value === null)],
  ] as const;
  const stuck: Refusal[] = [];
  for (const [kind, wanted] of steps) {
    if (wanted.length === 0) continue;
    const left = await subjects[kind].write(tx, wanted);
    stuck.push(...left.map((key) => ({ kind, key, reason: 'in_use' as const })));
  }
  return stuck;
}

function refusalOf({ kind, key }: Change): Refusal {
  return { kind, key, reason: 'changed_since' };
}
