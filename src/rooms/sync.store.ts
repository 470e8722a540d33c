import type { Queryable } from '../database/database.ts';

export async function queueRooms(tx: Queryable, accountId: string): Promise<void> {
  await tx.query(
    `select graphile_worker.add_job('sync-room', json_build_object('room', id),
        job_key => 'sync-room:' || id, max_attempts => 100)
      from rooms where room_id is not null and state <> 'awaited' and id in (
        select room from memberships
          join accounts on accounts.id = $1 and (memberships.account_id = accounts.id
            or (member_tenant_id = accounts.tenant_id and member = platform_slug)))`,
    [accountId],
  );
}
