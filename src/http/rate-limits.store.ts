import type { Queryable } from '../database/database.ts';

/**
 * Opens, continues or reopens the window of each key. The keys are locked in one order, so that
 * attempts which share several of them never deadlock.
 */
export function countAttempts(
  db: Queryable,
  keys: readonly string[],
  seconds: readonly number[],
): Promise<{ key: string; count: number; resetsAt: Date }[]> {
  return db.query(
    `insert into rate_limits as r (key, count, resets_at)
      select key, 1, now() + make_interval(secs => seconds)
        from unnest($1::text[], $2::integer[]) as attempt (key, seconds) order by key
      on conflict (key) do update set
        count = case when r.resets_at <= now() then 1 else r.count + 1 end,
        resets_at = case when r.resets_at <= now() then excluded.resets_at else r.resets_at end
      returning key, count, resets_at as "resetsAt"`,
    [keys, seconds],
  );
}

export async function uncountAttempts(db: Queryable, keys: readonly string[]): Promise<void> {
  await db.query(
    `update rate_limits set count = count - 1
      where key in (select key from rate_limits
        where key = any($1) and count > 0 and resets_at > now() order by key for update)`,
    [keys],
  );
}

const batch = 5_000;

/**
 * Deletes windows that are over, a batch at a time so that no attempt waits long.
 *
 * @returns how many went
 */
export async function removeExpired(db: Queryable): Promise<number> {
  let removed = 0;
  let last: number;
  do {
    const rows = await db.query(
      `delete from rate_limits where key in (select key from rate_limits
        where resets_at <= now() limit $1 for update skip locked) returning key`,
      [batch],
    );
    last = rows.length;
    removed += last;
  } while (last === batch);
  return removed;
}
