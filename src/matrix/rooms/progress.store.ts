import { createHash } from 'node:crypto';
import type { Queryable } from '../../database/database.ts';
import type { HeldRemovals } from './desired.ts';

export async function markMade(db: Queryable, id: string, roomId: string): Promise<void> {
  await db.query(
    `update matrix_rooms set room_id = $2, origin = 'made', updated_at = now()
      where entity = $1 and room_id is null`,
    [id, roomId],
  );
}

/** @returns false where it has another room by now */
export async function markFollowed(
  db: Queryable,
  id: string,
  { from, to }: { from: string; to: string },
): Promise<boolean> {
  const rows = await db.query(
    `update matrix_rooms set room_id = $3, former_room_id = $2, held_removals = null,
        confirmed_removals = null, updated_at = now()
      where entity = $1 and room_id = $2 returning entity`,
    [id, from, to],
  );
  return rows.length === 1;
}

/** Version `version` of what should be is true now. */
export async function markSynced(db: Queryable, id: string, version: string): Promise<void> {
  await db.query(
    `update matrix_rooms set synced_version = greatest(synced_version, $2::bigint),
        synced_at = now(), error = null, error_at = null
      where entity = $1`,
    [id, version],
  );
}

export async function markFailed(db: Queryable, id: string, error: string): Promise<void> {
  await db.query('update matrix_rooms set error = $2, error_at = now() where entity = $1', [
    id,
    error,
  ]);
}

/** The room is given up: the next one will be another. Other entities may have its alias. */
export async function markOver(db: Queryable, id: string, roomId: string | null): Promise<void> {
  // A statement that brings the entity back waits for this, or is waited for: else it would have no alias.
  await db.query(
    `with said as (select state from entities where id = $1 for share)
      update matrix_rooms set former_room_id = coalesce(room_id, former_room_id), room_id = null,
        alias = case when state <> 'deleted' then alias end,
        held_removals = null, confirmed_removals = null, updated_at = now()
      from said where entity = $1 and room_id is not distinct from $2`,
    [id, roomId],
  );
}

export async function isNewer(db: Queryable, id: string, version: string): Promise<boolean> {
  const [row] = await db.query<{ newer: boolean }>(
    'select wanted_version > $2::bigint as newer from entities where id = $1',
    [id, version],
  );
  return row?.newer ?? false;
}

/** Asks an operator whether these people may be taken out. */
export async function markHeld(
  db: Queryable,
  id: string,
  users: readonly string[],
): Promise<HeldRemovals> {
  const at = new Date().toISOString();
  const sorted = [...users].sort();
  // The time is part of it: a confirmation is of this list now, not of the same people next year.
  const digest = createHash('sha256')
    .update([id, at, ...sorted].join('\n'))
    .digest('hex');
  const held = { count: sorted.length, digest: digest.slice(0, 32), at, users: sorted };
  await db.query('update matrix_rooms set held_removals = $2 where entity = $1', [
    id,
    JSON.stringify(held),
  ]);
  return held;
}

export async function clearHeld(db: Queryable, id: string): Promise<void> {
  await db.query('update matrix_rooms set held_removals = null where entity = $1', [id]);
}

export async function countRemoval(db: Queryable, tenantId: string): Promise<void> {
  await db.query(
    `insert into tenant_removals (tenant_id, hour, removed)
      values ($1, date_trunc('hour', now()), 1)
      on conflict (tenant_id, hour) do update set removed = tenant_removals.removed + 1`,
    [tenantId],
  );
}

/** `mxc` is null for what turned out to be no picture: it is not looked for again. */
export async function markPicture(
  db: Queryable,
  id: string,
  { source, mxc }: { source: string; mxc: string | null },
): Promise<void> {
  await db.query('update matrix_rooms set avatar_source = $2, avatar_mxc = $3 where entity = $1', [
    id,
    source,
    mxc,
  ]);
}
