import type { Queryable } from '../database/database.ts';
import { addJobCall, jobKey } from '../jobs/enqueue.ts';

/** In one order for everybody: two transactions that queue the same rooms must not lock crosswise. */
export async function queueRooms(tx: Queryable, ids: readonly string[]): Promise<void> {
  await tx.query(
    `select ${addJobCall('sync-room', { room: 'entity', pictureTries: '0' })}
      from (select entity from matrix_rooms where entity = any ($1::uuid[]) order by entity) as chosen`,
    [ids],
  );
}

export async function unqueueRooms(tx: Queryable, ids: readonly string[]): Promise<void> {
  await tx.query(
    `select graphile_worker.remove_job(${jobKey('sync-room', 'id')}) from unnest($1::uuid[]) as id`,
    [ids],
  );
}
