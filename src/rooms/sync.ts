import type { Queryable } from '../database/database.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { queueRooms, type Rooms, roomPriority, roomsOfAccount } from './sync.store.ts';

/** Has the worker make a room as it should be, in the transaction that changed what it should be. */
export function syncRoom(tx: Queryable, room: string, runAt?: Date): Promise<void> {
  const { single: priority } = roomPriority;
  return enqueue(tx, 'sync-room', { room }, { key: `sync-room:${room}`, runAt, priority });
}

/** The same for many. Whatever a transaction queues, it queues by one call of this. */
export async function syncRooms(tx: Queryable, rooms: Rooms): Promise<void> {
  const { ids = [], tenantIds = [], everywhere } = rooms;
  if (ids.length > 0 || tenantIds.length > 0 || everywhere) await queueRooms(tx, rooms);
}

/**
 * Has the worker look at every room that an account belongs to by its slug or its id: it has now a
 * Matrix user, or another slug.
 */
export async function syncRoomsOfAccount(tx: Queryable, accountId: string): Promise<void> {
  await syncRooms(tx, { ids: await roomsOfAccount(tx, accountId) });
}
