import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { record } from '../audit/events.ts';
import type { Cli } from '../cli/run.ts';
import { AppError } from '../errors.ts';
import { Progress } from '../migration/progress.ts';
import { requireTenant } from '../tenants/find.ts';
import { type DriftedRoom, driftOf, findRun, type ReconcileRun } from './reconcile.store.ts';
import { startReconcile } from './reconcile.ts';

export type ReconcileOptions = {
  tenant?: string;
  dryRun?: boolean;
  /** Commander's name for `--no-wait`. */
  wait: boolean;
};

/** Without progress for so long, nobody works on it. */
const patienceSeconds = 30;

export type Reconciled = { run: ReconcileRun; rooms: DriftedRoom[] };

/**
 * Starts a run and follows it to its end; a worker does it. Stopping to follow does not stop it.
 *
 * @throws AppError `tenant_not_found` (404), `no_worker` when nobody takes it
 */
export async function reconcile(cli: Cli, options: ReconcileOptions): Promise<Reconciled> {
  const { database } = cli;
  const tenantId = options.tenant ? (await requireTenant(database, options.tenant)).id : null;
  const dryRun = options.dryRun ?? false;
  const id = await database.transaction(async (tx) => {
    const run = await startReconcile(tx, { tenantId, dryRun, requestedBy: 'operator' });
    await record(tx, {
      action: 'rooms.reconcile_requested',
      actor: 'operator',
      tenantId,
      target: run,
      detail: { dryRun },
    });
    return run;
  });
  const run = options.wait ? await follow(cli, id) : await known(cli, id);
  return { run, rooms: await driftOf(database, id) };
}

/** How a run stands, whoever started it. */
export async function showRun(cli: Cli, id: string): Promise<Reconciled> {
  return { run: await known(cli, id), rooms: await driftOf(cli.database, id) };
}

async function follow(cli: Cli, id: string): Promise<ReconcileRun> {
  const progress = new Progress('rooms compared', cli);
  let seen = '';
  let patience = patienceSeconds * 5;
  for (;;) {
    const run = await known(cli, id);
    progress.at(run.checked, run.total);
    if (run.state !== 'running') {
      progress.end();
      return run;
    }
    const state = `${run.checked} ${run.mended}`;
    patience = state === seen ? patience - 1 : patienceSeconds * 5;
    seen = state;
    if (patience === 0 && run.checked === 0) throw nobodyWorks(id);
    await pause(200);
  }
}

async function known({ database }: Cli, id: string): Promise<ReconcileRun> {
  const run = z.uuid().safeParse(id).success ? await findRun(database, id) : undefined;
  if (run) return run;
  throw new AppError('run_not_found', { message: `There is no run ${id}.` });
}

function nobodyWorks(id: string): AppError {
  return new AppError('no_worker', {
    message: `No worker has begun in ${patienceSeconds} s: is one running, with MATRIX_ACCESS_TOKEN? The run waits for it; see how it stands by: openmeet-id rooms run ${id}`,
  });
}
