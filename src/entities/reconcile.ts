import { randomUUID } from 'node:crypto';
import { record } from '../audit/events.ts';
import type { Database, Queryable, Transaction } from '../database/database.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { insertRun, isRunDue } from './reconcile.store.ts';

export type ReconcileOrder = {
  /** Null: all tenants. */
  tenantId: string | null;
  /** Only says what is not as it should be. */
  dryRun: boolean;
  requestedBy: string;
};

/** Has the workers compare every room with what it should be, in the caller's transaction. */
export async function startReconcile(tx: Queryable, order: ReconcileOrder): Promise<string> {
  const id = randomUUID();
  await insertRun(tx, { id, ...order });
  await continueReconcile(tx, id);
  return id;
}

/** The same because somebody says so. @returns the run's id */
export async function requestReconcile(
  tx: Transaction,
  { actor, ...order }: Omit<ReconcileOrder, 'requestedBy'> & { actor: string },
): Promise<string> {
  const run = await startReconcile(tx, { ...order, requestedBy: actor });
  await record(tx, {
    action: 'rooms.reconcile_requested',
    actor,
    tenantId: order.tenantId,
    target: run,
    detail: { dryRun: order.dryRun },
  });
  return run;
}

/** Queues the next batch of a run. */
export function continueReconcile(tx: Queryable, run: string, runAt?: Date): Promise<void> {
  return enqueue(tx, 'reconcile-rooms', { run }, { runAt });
}

/** Starts a run when the last one began longer ago than so many hours; never with 0. */
export async function startDueReconcile(database: Database, hours: number): Promise<void> {
  if (hours === 0) return;
  await database.transaction(async (tx) => {
    if (!(await isRunDue(tx, hours))) return;
    await startReconcile(tx, { tenantId: null, dryRun: false, requestedBy: 'system' });
  });
}
