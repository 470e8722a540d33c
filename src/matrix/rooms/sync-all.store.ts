import type { Queryable } from '../../database/database.ts';
import { roomPriority } from '../../jobs/catalogue.ts';
import { addJobCall, jobKey } from '../../jobs/enqueue.ts';

/** The next rooms that exist, by id: of one tenant or of all, after those that are done. */
export async function nextRooms(
  db: Queryable,
  { tenantId, after }: { tenantId: string | null; after: string | null },
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
