import type { Queryable } from '../database/database.ts';

/** One that waits already goes on waiting; one that nobody came back for begins anew. */
export async function insertWait(
  tx: Queryable,
  wait: { accountId: string; token: string; hours: number; openHours: number },
): Promise<Date | undefined> {
  const [row] = await tx.query<{ dueAt: Date }>(
    `insert into lost_factors as l (account_id, token, due_at, expires_at)
      values ($1, $2, now() + make_interval(hours => $3), now() + make_interval(hours => $3 + $4))
      on conflict (account_id) do update set token = excluded.token, due_at = excluded.due_at,
        expires_at = excluded.expires_at where l.expires_at <= now()
      returning due_at as "dueAt"`,
    [wait.accountId, wait.token, wait.hours, wait.openHours],
  );
  return row?.dueAt;
}

export async function findWait(
  db: Queryable,
  accountId: string,
): Promise<{ dueAt: Date; isOver: boolean } | undefined> {
  const [row] = await db.query<{ dueAt: Date; isOver: boolean }>(
    `select due_at as "dueAt", due_at <= now() as "isOver" from lost_factors
      where account_id = $1 and expires_at > now()`,
    [accountId],
  );
  return row;
}

export async function accountOfWait(db: Queryable, token: string): Promise<string | undefined> {
  const [row] = await db.query<{ accountId: string }>(
    `select account_id as "accountId" from lost_factors where token = $1 and expires_at > now()`,
    [token],
  );
  return row?.accountId;
}

/** @returns whether there was one */
export async function deleteWait(tx: Queryable, accountId: string): Promise<boolean> {
  const rows = await tx.query('delete from lost_factors where account_id = $1 returning 1', [
    accountId,
  ]);
  return rows.length === 1;
}

/** Takes one that has waited long enough. @returns false where there is none (any more) */
export async function takeOverdue(tx: Queryable, accountId: string): Promise<boolean> {
  const rows = await tx.query(
    `delete from lost_factors
      where account_id = $1 and due_at <= now() and expires_at > now() returning 1`,
    [accountId],
  );
  return rows.length === 1;
}

/** @returns how many went */
export async function removeExpiredWaits(db: Queryable): Promise<number> {
  const rows = await db.query(
    `delete from lost_factors where account_id in (
      select account_id from lost_factors where expires_at < now() limit 5000) returning 1`,
  );
  return rows.length;
}
