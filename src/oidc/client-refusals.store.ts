import type { Queryable } from '../database/database.ts';

export type ClientRefusal = {
  clientId: string;
  refusedAt: Date;
  /** In the library's words; never what was sent. */
  reason: string;
  address: string | null;
};

/** Of clients that there are: strangers fill no table with names of their own. */
export async function keepRefusal(
  db: Queryable,
  { clientId, reason, address }: Omit<ClientRefusal, 'refusedAt'>,
): Promise<void> {
  await db.query(
    `insert into client_refusals (client_id, refused_at, reason, address)
      select id, now(), $2, $3 from clients where id = $1
      on conflict (client_id) do update
        set refused_at = now(), reason = excluded.reason, address = excluded.address`,
    [clientId, reason, address],
  );
}

/** It has proved itself since. */
export async function forgetRefusal(db: Queryable, clientId: string): Promise<void> {
  await db.query('delete from client_refusals where client_id = $1', [clientId]);
}

export function refusedClients(db: Queryable): Promise<ClientRefusal[]> {
  return db.query<ClientRefusal>(
    `select client_id as "clientId", refused_at as "refusedAt", reason, address
      from client_refusals order by client_id`,
  );
}
