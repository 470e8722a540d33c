import { record } from '../audit/events.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import type { Backend, Changed } from './backend.ts';
import { matrixBackend } from './matrix-backend.ts';

/** All that follow entities. Another is a file like `matrix-backend.ts`, and its name here. */
const backends: readonly Backend[] = [matrixBackend];

/**
 * Has every backend make these entities as they should be, in the transaction that changed what should
 * be. Whatever a transaction queues, it queues by one call of this.
 */
export async function queueSync(tx: Queryable, changed: Changed): Promise<void> {
  for (const backend of backends) await backend.queue(tx, changed);
}

/** The same because somebody says so. */
export async function requestSync(
  tx: Transaction,
  { room, actor }: { room: string; actor: string },
): Promise<void> {
  await queueSync(tx, { ids: [room] });
  await record(tx, { action: 'room.sync_requested', actor, target: room });
}

/** Entities that are no more need no work. */
export async function unqueueSync(tx: Queryable, ids: readonly string[]): Promise<void> {
  for (const backend of backends) await backend.unqueue(tx, ids);
}
