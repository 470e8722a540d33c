import type { Queryable } from '../database/database.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { queueRooms } from './sync.store.ts';

/** Has the worker make a room as it should be, in the transaction that changed what it should be. */
export function syncRoom(tx: Queryable, room: string, runAt?: Date): Promise<void> {
  return enqueue(tx, 'sync-room', { room }, { key: `sync-room:${room}`, runAt });
}

/**
 * Has the worker look at every room that an account belongs to by its slug or its id: it has now a
 * Matrix user, another slug or another role over a whole tenant.
 */
export function syncRoomsOfAccount(tx: Queryable, accountId: string): Promise<void> {
  return queueRooms(tx, accountId);
}
