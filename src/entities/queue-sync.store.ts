import type { Queryable } from '../database/database.ts';
import { roomPriority } from '../jobs/catalogue.ts';
import { addJobCall, jobKey } from '../jobs/enqueue.ts';

export type Rooms = {
  ids?: readonly string[];
  /** All that exist of these tenants. */
  tenantIds?: readonly string[];
  /** All that exist anywhere. */
  everywhere?: boolean;
};

/** In one order for everybody: two transactions that queue the same rooms must not lock crosswise. */
export async function queueRooms(tx: Queryable, ids: readonly string[]): Promise<void> {
  await tx.query(
    `select ${addJobCall('sync-room', { room: 'id', pictureTries: '0' })}
      from (select distinct id from unnest($1::uuid[]) as given (id) order by id) as chosen`,
    [ids],
  );
}

/** Of one tenant or of all; rooms up to `after` are done. */
export type RoomRange = { tenantId: string | null; after: string | null };

/** The next rooms that exist, by id. */
export async function nextRooms(
  db: Queryable,
  { tenantId, after }: RoomRange,
  limit: number,
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select id from entities join matrix_rooms on entity = entities.id
      where room_id is not null and state <> 'awaited'
        and ($1::uuid is null or tenant_id = $1) and ($2::uuid is null or id > $2)
      order by id limit $3`,
    [tenantId, after, limit],
  );
  return rows.map(({ id }) => id);
}

/**
 * Has rooms looked at after those that changed by themselves. Only for what was committed before this
 * transaction: a job that waits already will see that.
 */
export async function queueRoomsUnlessQueued(tx: Queryable, ids: readonly string[]): Promise<void> {
  await tx.query(
    `select ${addJobCall('sync-room', { room: 'id', pictureTries: '0' }, { priority: '$2' })}
      from (
        select id from unnest($1::uuid[]) as given (id)
          where not exists (select from graphile_worker.jobs where key = ${jobKey('sync-room', 'id')}
            and locked_at is null and run_at <= now() and attempts < max_attempts)
          order by id) as chosen`,
    [ids, roomPriority.many],
  );
}

/** Rooms that an account belongs to now, by its slug or its id. */
export async function roomsOfAccount(tx: Queryable, accountId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select id from entities join matrix_rooms on entity = entities.id
      where room_id is not null and state <> 'awaited' and id in (
      select room from memberships
        join accounts on accounts.id = $1 and (memberships.account_id = accounts.id
          or (member_tenant_id = accounts.tenant_id and member = platform_slug)))`,
    [accountId],
  );
  return rows.map(({ id }) => id);
}
