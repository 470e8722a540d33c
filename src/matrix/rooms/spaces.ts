import { syncAllRooms, syncRoom } from '../../entities/matrix-backend.ts';
import type { RoomDependencies } from './dependencies.ts';
import type { Desired } from './desired.ts';
import { ensureSpace } from './spaces.store.ts';

/** Has the tenant's space follow a room that changed, and the rooms their space when it is new. */
export async function keepSpace(
  { db, settings }: RoomDependencies,
  desired: Desired,
): Promise<void> {
  if (!settings.spaces) return;
  const { type, tenantId, roomId } = desired;
  if (type === 'space') {
    if (roomId === null) await syncAllRooms(db, tenantId);
    return;
  }
  const space = await ensureSpace(db, tenantId);
  if (space) await syncRoom(db, space);
}
