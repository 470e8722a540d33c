import { z } from 'zod';
import type { Database } from '../../database/database.ts';
import { syncNextRooms } from '../../entities/queue-sync.ts';
import type { Task } from '../../jobs/task.ts';

const payloadSchema = z.object({ tenantId: z.uuid().nullable(), after: z.uuid().nullable() });

/** Has all rooms of a tenant, or all there are, looked at: who administers them has changed. */
export function syncAllRoomsTask({ database }: { database: Database }): Task {
  return (payload) => database.transaction((tx) => syncNextRooms(tx, payloadSchema.parse(payload)));
}
