import type { Database } from '../../database/database.ts';
import { syncNextRooms } from '../../entities/queue-sync.ts';
import type { Task } from '../../jobs/task.ts';

/** Has all rooms of a tenant, or all there are, looked at: who administers them has changed. */
export function syncAllRoomsTask({ database }: { database: Database }): Task<'sync-all-rooms'> {
  return (payload) => database.transaction((tx) => syncNextRooms(tx, payload));
}
