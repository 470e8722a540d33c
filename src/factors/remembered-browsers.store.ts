import type { Queryable } from '../database/database.ts';

/** @param browser a fingerprint */
export async function insertRemembered(
  tx: Queryable,
  { browser, accountId, days }: { browser: string; accountId: string; days: number },
): Promise<void> {
  await tx.query(
    `insert into remembered_browsers (browser, account_id, expires_at)
      values ($1, $2, now() + make_interval(days => $3))
      on conflict (browser, account_id) do update set expires_at = excluded.expires_at`,
    [browser, accountId, days],
  );
}

export async function isRemembered(
  db: Queryable,
  { browser, accountId }: { browser: string; accountId: string },
): Promise<boolean> {
  const rows = await db.query(
    `select from remembered_browsers
      where browser = $1 and account_id = $2 and expires_at > now()`,
    [browser, accountId],
  );
  return rows.length === 1;
}

export async function forgetRemembered(tx: Queryable, accountId: string): Promise<void> {
  await tx.query('delete from remembered_browsers where account_id = $1', [accountId]);
}

/** @returns how many went */
export async function removeExpiredRemembered(db: Queryable): Promise<number> {
  const rows = await db.query(
    `delete from remembered_browsers where (browser, account_id) in (
      select browser, account_id from remembered_browsers where expires_at < now() limit 5000)
      returning browser`,
  );
  return rows.length;
}
