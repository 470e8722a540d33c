import type { Database } from '../../database/database.ts';
import { syncNextRooms } from '../../entities/queue-sync.ts';
import { catalogue } from '../../jobs/catalogue.ts';
import type { Task } from '../../jobs/task.ts';

/** Has all rooms of a tenant, or all there are, looked at: who administers them has changed. */
export function syncAllRoomsTask({ database }: { database: Database }): Task {
  return (payload) =>
    database.transaction((tx) =>
      syncNextRooms(tx, catalogue['sync-all-rooms'].payload.parse(payload)),
    );
}
