import { record } from '../audit/events.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { enqueue } from '../jobs/enqueue.ts';
import {
  nextRooms,
  queueRooms,
  queueRoomsUnlessQueued,
  type RoomRange,
  type Rooms,
  roomsOfAccount,
} from './queue-sync.store.ts';

/** So many rooms of a whole tenant are queued at once: a fraction of a second. */
const batchSize = 500;

/** Has the worker make a room as it should be, in the transaction that changed what it should be. */
export function syncRoom(tx: Queryable, room: string, runAt?: Date): Promise<void> {
  return enqueue(tx, 'sync-room', { room }, { runAt });
}

/** The same because somebody says so. */
export async function requestSync(
  tx: Transaction,
  { room, actor }: { room: string; actor: string },
): Promise<void> {
  await syncRoom(tx, room);
  await record(tx, { action: 'room.sync_requested', actor, target: room });
}

/**
 * The same for many. Whatever a transaction queues, it queues by one call of this. All rooms of a
 * tenant may be very many: those a worker queues, batch by batch.
 */
export async function syncRooms(tx: Queryable, rooms: Rooms): Promise<void> {
  const { ids = [], tenantIds = [], everywhere } = rooms;
  if (ids.length > 0) await queueRooms(tx, ids);
  const ranges = everywhere ? [null] : [...new Set(tenantIds)].sort();
  for (const tenantId of ranges) {
    await enqueue(tx, 'sync-all-rooms', { tenantId, after: null });
  }
}

/** Queues the next of many rooms, and itself for the others. */
export async function syncNextRooms(tx: Queryable, range: RoomRange): Promise<void> {
  const ids = await nextRooms(tx, range, batchSize);
  await queueRoomsUnlessQueued(tx, ids);
  const after = ids.at(-1);
  if (after && ids.length === batchSize) await enqueue(tx, 'sync-all-rooms', { ...range, after });
}

/**
 * Has the worker look at every room that an account belongs to by its slug or its id: it has now a
 * Matrix user, or another slug.
 */
export async function syncRoomsOfAccount(tx: Queryable, accountId: string): Promise<void> {
  await syncRooms(tx, { ids: await roomsOfAccount(tx, accountId) });
}
