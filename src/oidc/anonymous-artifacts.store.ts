import type { Queryable } from '../database/database.ts';
import { artifactValues, type NewArtifact, upsertArtifact } from './artifacts.store.ts';

/** Says how many of that network there were before, as far as it matters. */
const writeAnonymous = `${upsertArtifact} returning (select count(*)::int from (
  select from oidc_artifacts where untouched_by = $11 limit $12) others) as others`;

/** Keeps what a stranger left. Where that network has left `most` already, its oldest make room. */
export async function writeAnonymousArtifact(
  db: Queryable,
  artifact: NewArtifact & { anonymousFrom: string },
  most: number,
): Promise<void> {
  const values = [...artifactValues(artifact), most + 1];
  const [row] = await db.query<{ others: number }>(writeAnonymous, values);
  if ((row?.others ?? 0) < most) return;
  await removeOldestAnonymous(db, { of: artifact.anonymousFrom, keep: most, batch: 100 });
}

/**
 * Removes the oldest that nobody has acted on, with the sign-ins that were opened by them.
 *
 * @param of a network; all together without it
 * @returns how many went
 */
export async function removeOldestAnonymous(
  db: Queryable,
  { of, keep, batch }: { of?: string; keep: number; batch: number },
): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `with oldest as (
      select id from oidc_artifacts where untouched_by ${of ? '= $3' : 'is not null'}
      order by created_at desc offset $1 limit $2),
    gone as (
      delete from oidc_artifacts where id in (
        select id from oidc_artifacts where id in (select id from oldest)
          and untouched_by is not null for update skip locked) returning id),
    ended as (delete from sign_ins where id in (select id from gone))
    select count(*)::int from gone`,
    of ? [keep, batch, of] : [keep, batch],
  );
  return row?.count ?? 0;
}
