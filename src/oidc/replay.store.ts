import type { Queryable } from '../database/database.ts';

/**
 * Marks an id as seen until it is of no use any more. The INSERT decides, over all instances: of many
 * that bring one id at once, one is the first. Unlike what is issued, this waits for the disk.
 *
 * @param until seconds since 1970
 * @returns whether nobody had brought it before
 */
export async function insertSeen(db: Queryable, id: string, until: number): Promise<boolean> {
  const rows = await db.query(
    `insert into oidc_artifacts (id, model, payload, expires_at)
      values ($1, 'ReplayDetection', '{}', to_timestamp($2::float8))
      on conflict (id) do update set expires_at = excluded.expires_at
        where oidc_artifacts.expires_at < now()
      returning id`,
    [id, until],
  );
  return rows.length === 1;
}
