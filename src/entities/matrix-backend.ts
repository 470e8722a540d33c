import type { Queryable } from '../database/database.ts';
import { enqueue } from '../jobs/enqueue.ts';
import type { Backend } from './backend.ts';
import { queueRooms, unqueueRooms } from './matrix-backend.store.ts';
import { entitiesOfAccount } from './memberships.store.ts';

/** Matrix: each entity that it follows has a row of `matrix_rooms`. */
export const matrixBackend: Backend = {
  async queue(tx, { ids = [], tenantIds = [], everywhere }) {
    if (ids.length > 0) await queueRooms(tx, ids);
    const ranges = everywhere ? [null] : [...new Set(tenantIds)].sort();
    for (const tenantId of ranges) await syncAllRooms(tx, tenantId);
  },
  unqueue: unqueueRooms,
};

/** Has the worker make a room as the entity should be: where only what is on Matrix has changed. */
export function syncRoom(tx: Queryable, room: string, runAt?: Date): Promise<void> {
  return enqueue(tx, 'sync-room', { room }, { runAt });
}

/** The same for all rooms of an account, which has a Matrix user now. */
export async function syncRoomsOfAccount(tx: Queryable, accountId: string): Promise<void> {
  await matrixBackend.queue(tx, { ids: await entitiesOfAccount(tx, accountId) });
}

/** The same for all rooms of a tenant, or all there are: a worker queues them, batch by batch. */
export function syncAllRooms(tx: Queryable, tenantId: string | null): Promise<void> {
  return enqueue(tx, 'sync-all-rooms', { tenantId, after: null });
}
