import type { Queryable } from '../database/database.ts';

const count = (keys: string) => `insert into rate_limits as r (key, count, resets_at)
  select key, 1, now() + make_interval(secs => seconds) from ${keys} order by key
  on conflict (key) do update set
    count = case when r.resets_at <= now() then 1 else r.count + 1 end,
    resets_at = case when r.resets_at <= now() then excluded.resets_at else r.resets_at end
  returning key, count, resets_at`;

/**
 * Opens, continues or reopens the window of each key. The keys are locked in one order, so that
 * attempts which share several of them never deadlock.
 *
 * @param first the limit of a key that is counted before those where it is null, and for them
 * @returns nothing for those that were not counted
 */
export function countAttempts(
  db: Queryable,
  attempts: {
    keys: readonly string[];
    seconds: readonly number[];
    first: readonly (number | null)[];
  },
): Promise<{ key: string; count: number; resetsAt: Date }[]> {
  return db.query(
    `with attempt as (
      select * from unnest($1::text[], $2::integer[], $3::integer[]) as a (key, seconds, first)),
    gate as (${count('attempt where first is not null')}),
    other as (${count(`attempt where first is null and not exists (
      select from gate join attempt f using (key) where gate.count > f.first)`)})
    select key, count, resets_at as "resetsAt" from gate
    union all select key, count, resets_at from other`,
    [attempts.keys, attempts.seconds, attempts.first],
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
