import type { Queryable } from '../database/database.ts';

export type Rooms = {
  ids?: readonly string[];
  /** All that exist of these tenants. */
  tenantIds?: readonly string[];
  /** All that exist anywhere. */
  everywhere?: boolean;
};

/**
 * People who wait for a code or a handle come first; who changed one room before what somebody did by
 * hand there, and before who changed all.
 */
export const roomPriority = { single: 10, reported: 15, many: 20 } as const;

/** In one order for everybody: two transactions that queue the same rooms must not lock crosswise. */
export async function queueRooms(
  tx: Queryable,
  { ids = [], tenantIds = [], everywhere = false }: Rooms,
): Promise<void> {
  await tx.query(
    `select graphile_worker.add_job('sync-room', json_build_object('room', id),
        job_key => 'sync-room:' || id, max_attempts => 100,
        priority => case when id = any($1) then $4::int else $5::int end)
      from (
        select id from rooms
          where id = any($1) or (room_id is not null and state <> 'awaited'
            and (tenant_id = any($2) or $3))
          order by id) as chosen`,
    [ids, tenantIds, everywhere, roomPriority.single, roomPriority.many],
  );
}

/** Rooms that an account belongs to now, by its slug or its id. */
export async function roomsOfAccount(tx: Queryable, accountId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select id from rooms where room_id is not null and state <> 'awaited' and id in (
      select room from memberships
        join accounts on accounts.id = $1 and (memberships.account_id = accounts.id
          or (member_tenant_id = accounts.tenant_id and member = platform_slug)))`,
    [accountId],
  );
  return rows.map(({ id }) => id);
}
