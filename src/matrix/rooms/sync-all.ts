import type { Database } from '../../database/database.ts';
import { enqueue } from '../../jobs/enqueue.ts';
import type { Task } from '../../jobs/task.ts';
import { nextRooms, queueRoomsUnlessQueued } from './sync-all.store.ts';

/** So many rooms are queued at once: a fraction of a second. */
const batchSize = 500;

/** Queues the next rooms of a tenant, or of all, and itself for the others. */
export function syncAllRoomsTask({ database }: { database: Database }): Task<'sync-all-rooms'> {
  return (range) =>
    database.transaction(async (tx) => {
      const ids = await nextRooms(tx, range, batchSize);
      await queueRoomsUnlessQueued(tx, ids);
      const after = ids.at(-1);
      if (after && ids.length === batchSize) {
        await enqueue(tx, 'sync-all-rooms', { ...range, after });
      }
    });
}
