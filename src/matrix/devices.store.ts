import type { Queryable } from '../database/database.ts';

export type Look = {
  /** How often the worker has looked. */
  looks: number;
  /** When a look last showed that a device was gone, in seconds since the epoch. */
  removedAt: number | null;
  /** When the newest of those that are there was first seen. */
  newestAt: number | null;
};

/** Undefined for an account that has never signed in to a homeserver from here. */
export async function lastLook(db: Queryable, accountId: string): Promise<Look | undefined> {
  const [row] = await db.query<Look>(
    `select looks, extract(epoch from removed_at)::float8 as "removedAt",
        (select max(value::float8) from jsonb_each_text(devices)) as "newestAt"
      from matrix_devices where account_id = $1`,
    [accountId],
  );
  return row;
}

/**
 * The devices that there are now: one that was seen before and is not among them was removed.
 *
 * @param looks before this look began
 * @returns false when another look ended meanwhile: this one may have seen what was there before
 */
export async function noteDevices(
  db: Queryable,
  accountId: string,
  devices: readonly string[],
  looks: number,
): Promise<boolean> {
  const rows = await db.query(
    `update matrix_devices set looks = looks + 1,
        removed_at = case when array(select jsonb_object_keys(devices)) <@ $2::text[]
          then removed_at else now() end,
        devices = coalesce((select jsonb_object_agg(id,
            coalesce(devices->id, to_jsonb(extract(epoch from now()))))
          from unnest($2::text[]) as id), '{}')
      where account_id = $1 and looks = $3 returning looks`,
    [accountId, devices, looks],
  );
  return rows.length === 1;
}
