import { type Authority, reaches, requireAll, requireChange } from '../authority/authority.ts';
import type { Database, Queryable, Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { isUuid } from '../text/uuid.ts';
import { type Reconciled, requireRun } from './follow-reconcile.ts';
import { type FoundRoom, findRoomById } from './found-rooms.store.ts';
import { confirmHeldRemovals } from './held-removals.ts';
import { requestSync } from './queue-sync.ts';
import { requestReconcile } from './reconcile.ts';

/** @throws AppError `room_not_found` (404), also for another tenant's */
export async function roomWithin(
  db: Queryable,
  authority: Authority,
  id: string,
): Promise<FoundRoom> {
  const room = isUuid(id) ? await findRoomById(db, id) : undefined;
  if (room && reaches(authority, room.tenantId)) return room;
  throw new AppError('room_not_found');
}

/** Has the workers make a room as it should be now. @throws AppError `room_not_found` (404) */
export function syncRoomNow(
  database: Database,
  authority: Authority,
  id: string,
): Promise<FoundRoom> {
  return withRoom(database, authority, id, (tx, room) =>
    requestSync(tx, { room: room.id, actor: authority.actor }),
  );
}

/**
 * Lets the people be taken out whose removal was held.
 *
 * @param digest of the list that was looked at
 * @throws AppError `room_not_found` (404), `nothing_held`, `removals_changed` (409)
 */
export function letRemovalsHappen(
  database: Database,
  authority: Authority,
  id: string,
  digest: string,
): Promise<FoundRoom> {
  return withRoom(database, authority, id, (tx, room) => {
    const heldDigest = room.heldDigest && digest;
    return confirmHeldRemovals(tx, { room: { ...room, heldDigest }, actor: authority.actor });
  });
}

/**
 * Has the workers compare every room with what it should be, of one tenant or of all.
 *
 * @returns the run's id
 * @throws AppError `administration_limited` (403) for all, `tenant_not_found` (404)
 */
export async function reconcileRooms(
  database: Database,
  authority: Authority,
  { tenantId, dryRun }: { tenantId: string | null; dryRun: boolean },
): Promise<string> {
  requireChange(authority);
  if (tenantId === null) requireAll(authority);
  else if (!reaches(authority, tenantId)) throw new AppError('tenant_not_found');
  const { actor } = authority;
  return database.transaction((tx) => requestReconcile(tx, { tenantId, dryRun, actor }));
}

/** How a run stands. @throws AppError `run_not_found` (404), also for another tenant's */
export async function runWithin(
  db: Queryable,
  authority: Authority,
  id: string,
): Promise<Reconciled> {
  const found = await requireRun(db, id);
  if (!reaches(authority, found.run.tenantId)) throw new AppError('run_not_found');
  return found;
}

async function withRoom(
  database: Database,
  authority: Authority,
  id: string,
  act: (tx: Transaction, room: FoundRoom) => Promise<void>,
): Promise<FoundRoom> {
  requireChange(authority);
  return database.transaction(async (tx) => {
    await act(tx, await roomWithin(tx, authority, id));
    return roomWithin(tx, authority, id);
  });
}
