import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { type DriftedRoom, driftOf, findRun, type ReconcileRun } from './reconcile.store.ts';

/** Without progress for so long, nobody works on it. */
const patienceSeconds = 30;

export type Reconciled = { run: ReconcileRun; rooms: DriftedRoom[] };

/**
 * How a run stands, whoever started it.
 *
 * @throws AppError `run_not_found` (404)
 */
export async function requireRun(db: Queryable, id: string): Promise<Reconciled> {
  return { run: await runById(db, id), rooms: await driftOf(db, id) };
}

/**
 * The same at its end: a worker does it. Stopping to follow does not stop it.
 *
 * @param seen told of the run every now and then
 * @throws AppError `run_not_found` (404), `no_worker` when nobody takes it
 */
export async function followRun(
  db: Queryable,
  id: string,
  seen: (run: ReconcileRun) => void,
): Promise<Reconciled> {
  let state = '';
  let patience = patienceSeconds * 5;
  for (;;) {
    const run = await runById(db, id);
    seen(run);
    if (run.state !== 'running') return { run, rooms: await driftOf(db, id) };
    const now = `${run.checked} ${run.mended}`;
    patience = now === state ? patience - 1 : patienceSeconds * 5;
    state = now;
    if (patience === 0 && run.checked === 0) throw nobodyWorks(id);
    await pause(200);
  }
}

async function runById(db: Queryable, id: string): Promise<ReconcileRun> {
  const run = z.uuid().safeParse(id).success ? await findRun(db, id) : undefined;
  if (run) return run;
  throw new AppError('run_not_found', { message: `There is no run ${id}.` });
}

function nobodyWorks(id: string): AppError {
  return new AppError('no_worker', {
    message: `No worker has begun in ${patienceSeconds} s: is one running, with MATRIX_ACCESS_TOKEN? The run waits for it; see how it stands by: openmeet-id rooms run ${id}`,
  });
}
