import type { Queryable } from '../../database/database.ts';
import { syncRoom } from '../../entities/matrix-backend.ts';
import {
  advance,
  type Drift,
  endRun,
  findRun,
  mending,
  nextRooms,
  noteCheck,
  type ReconcileRun,
} from '../../entities/reconcile.store.ts';
import { continueReconcile } from '../../entities/reconcile.ts';
import type { Task } from '../../jobs/task.ts';
import { SynapseError } from '../synapse-error.ts';
import { describeAction } from './action.ts';
import { readActual } from './actual.ts';
import { type RoomDependencies, type RoomTaskOptions, roomDependencies } from './dependencies.ts';
import { planRoom } from './plan.ts';
import { readDesired } from './read-desired.ts';
import { replacementOf } from './replacement.ts';

/** So many rooms are counted at once; a worker that dies repeats no more than these. */
const batchSize = 20;

/** So often a batch is tried as a whole. */
const patience = 3;

/** Reads of Synapse at once: it has people to serve as well. */
const atOnce = 4;

/**
 * One batch of a run: compares rooms with what they should be, and queues those that differ. What
 * mends them is the same job that answers a platform's statement, so that nothing is mended twice.
 */
export function reconcileTask(options: RoomTaskOptions): Task<'reconcile-rooms'> {
  const { database } = options;
  const open = roomDependencies(options);
  return async ({ run: id }, { attempt }) => {
    const run = await findRun(database, id);
    if (run?.state !== 'running') return;
    const ids = await nextRooms(database, run, batchSize);
    const last = ids.at(-1);
    if (!last) return finish(database, run);
    const dependencies = await open(database);
    const { drifted, mendable } = await checkAll(dependencies, run, { ids, attempt });
    await database.transaction(async (tx) => {
      const batch = { reached: last, checked: ids.length, drifted };
      if (!(await advance(tx, run, batch))) return;
      if (!run.dryRun) for (const id of mendable) await syncRoom(tx, id);
      await continueReconcile(tx, run.id);
    });
  };
}

/** Done when the rooms that differed are mended, or were found not to be mendable. */
async function finish(db: Queryable, run: ReconcileRun): Promise<void> {
  const state = run.dryRun ? { mended: 0, failed: 0, waiting: 0 } : await mending(db, run.id);
  if (state.waiting > 0) return continueReconcile(db, run.id, new Date(Date.now() + 500));
  await endRun(db, run.id, state);
}

type Checked = {
  drifted: number;
  /** Where there is something that the bot can do, or may try. */
  mendable: string[];
};

async function checkAll(
  dependencies: RoomDependencies,
  run: ReconcileRun,
  { ids, attempt }: { ids: readonly string[]; attempt: number },
): Promise<Checked> {
  const checked: Checked = { drifted: 0, mendable: [] };
  const queue = [...ids];
  const runner = async () => {
    for (let id = queue.shift(); id; id = queue.shift()) {
      const drift = await driftOfRoom(dependencies, id).catch((error) =>
        passOver(dependencies, error, attempt),
      );
      await noteCheck(dependencies.db, id, drift && { run: run.id, ...drift });
      if (!drift) continue;
      checked.drifted += 1;
      if (drift.actions.length > 0 || drift.problem) checked.mendable.push(id);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runner));
  return checked;
}

/** One room that Synapse stumbles over again and again does not keep the others from being compared. */
async function passOver({ rooms }: RoomDependencies, error: unknown, attempt: number) {
  if (!(error instanceof SynapseError) || attempt < patience) throw error;
  await rooms.whoAmI();
  return { actions: [], held: 0, obstacles: [], problem: error.message };
}

/** What would be done to a room to make it as it should be; null when nothing would. */
async function driftOfRoom(
  dependencies: RoomDependencies,
  room: string,
): Promise<Omit<Drift, 'run'> | null> {
  const desired = await readDesired(dependencies.db, room, dependencies.settings);
  if (!desired || desired.state === 'awaited') return null;
  const { roomId } = desired;
  if (!roomId) return desired.state === 'deleted' ? null : only('make the room');
  try {
    const actual = await readActual(dependencies, { ...desired, roomId });
    if (!actual) return only('make the room again: Synapse does not have it any more');
    const { actions, held, problem, obstacles } = planRoom(desired, actual, dependencies.settings);
    if (actions.length + held.length + obstacles.length === 0 && !problem) return null;
    const to = replacementOf(actual);
    const described = [
      ...actions.map(describeAction),
      ...(to ? [`go on in ${to}, if it may`] : []),
    ];
    return { actions: described, held: held.length, obstacles, ...(problem && { problem }) };
  } catch (error) {
    if (!(error instanceof SynapseError) || error.kind === 'retry') throw error;
    return { actions: [], held: 0, obstacles: [], problem: error.message };
  }
}

function only(action: string): Omit<Drift, 'run'> {
  return { actions: [action], held: 0, obstacles: [] };
}
