import type { Queryable } from '../database/database.ts';
import type { EntityKey } from './entities.store.ts';

/** A link that waits for somebody to confirm it. */
export type PendingLink = EntityKey & {
  /** Of our record of the entity. */
  room: string;
  roomId: string;
  requestedBy: string;
};

/** Asking again makes the code of before worthless. */
export async function putLink(
  tx: Queryable,
  link: Omit<PendingLink, keyof EntityKey> & { code: string },
): Promise<Date> {
  const [row] = await tx.query<{ expiresAt: Date }>(
    `insert into room_links (room, room_id, code, requested_by, expires_at)
      values ($1, $2, $3, $4, now() + interval '24 hours')
      on conflict (room) do update set room_id = excluded.room_id, code = excluded.code,
        requested_by = excluded.requested_by, created_at = now(), expires_at = excluded.expires_at
      returning expires_at as "expiresAt"`,
    [link.room, link.roomId, link.code, link.requestedBy],
  );
  return (row as { expiresAt: Date }).expiresAt;
}

/** @returns the Matrix room that it was for */
export async function deleteLink(tx: Queryable, room: string): Promise<string | undefined> {
  const [row] = await tx.query<{ roomId: string }>(
    'delete from room_links where room = $1 returning room_id as "roomId"',
    [room],
  );
  return row?.roomId;
}

const pending = `select room, room_links.room_id as "roomId", requested_by as "requestedBy",
    tenant_id as "tenantId", entity_type as "entityType", entity_slug as "entitySlug"
  from room_links join entities on entities.id = room_links.room
  join tenants on tenants.id = entities.tenant_id and tenants.status = 'active'
  where expires_at > now()`;

export async function linkByCode(
  db: Queryable,
  roomId: string,
  code: string,
): Promise<PendingLink | undefined> {
  const [link] = await db.query<PendingLink>(
    `${pending} and room_links.room_id = $1 and code = $2`,
    [roomId, code],
  );
  return link;
}

/** One that waits for nobody: a client that asked for another meanwhile needs a code for it. */
export async function linkByWord(db: Queryable, room: string): Promise<PendingLink | undefined> {
  const [link] = await db.query<PendingLink>(`${pending} and room = $1 and code = ''`, [room]);
  return link;
}

/** When the last link that waits in a Matrix room expires. */
export async function pendingUntil(db: Queryable, roomId: string): Promise<Date | undefined> {
  const [row] = await db.query<{ until: Date | null }>(
    'select max(expires_at) as until from room_links where room_id = $1 and expires_at > now()',
    [roomId],
  );
  return row?.until ?? undefined;
}

/** Whether a Matrix room belongs to an entity, whichever tenant's that is. */
export async function isTaken(db: Queryable, roomId: string): Promise<boolean> {
  const rows = await db.query('select from matrix_rooms where room_id = $1', [roomId]);
  return rows.length > 0;
}

/** One link of a Matrix room at a time, so that none finds out too late that it is taken. */
export async function lockMatrixRoom(tx: Queryable, roomId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`room link ${roomId}`]);
}

/**
 * Gives an entity without a room one that was there before. Nobody is taken out of it until somebody
 * confirms the list of those who would be.
 */
export async function assignRoom(tx: Queryable, room: string, roomId: string): Promise<void> {
  await tx.query(
    `update matrix_rooms set room_id = $2, origin = 'linked', strangers = null, alias = null,
        held_removals = null, confirmed_removals = null, error = null, error_at = null,
        checked_at = null, drift = null, updated_at = now()
      where entity = $1`,
    [room, roomId],
  );
}

/** The record is then like that of an entity nobody has told of, but for what was said. */
export async function releaseRoom(tx: Queryable, room: string): Promise<void> {
  await tx.query(
    `update entities set state = 'awaited', wanted_version = wanted_version + 1, updated_at = now()
      where id = $1`,
    [room],
  );
  await tx.query(
    `update matrix_rooms set room_id = null, origin = 'made', strangers = null, alias = null,
        error = null, error_at = null, checked_at = null, drift = null, held_removals = null,
        confirmed_removals = null, avatar_mxc = null, avatar_source = null, updated_at = now()
      where entity = $1`,
    [room],
  );
}

/** Whose handle it is. */
export async function accountOfHandle(db: Queryable, handle: string): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>(
    `select account_id as id from handles
      where lower(handle) = lower($1) and state = 'active' and account_id is not null`,
    [handle],
  );
  return row?.id;
}

/** A worker's word on a link that an operator waits for. */
export async function markLinkFailed(db: Queryable, room: string, reason: string): Promise<void> {
  await db.query(
    `update matrix_rooms set error = $2, error_at = clock_timestamp()
      where entity = $1 and room_id is null`,
    [room, reason],
  );
}

/** The tenant's space, in which its rooms are listed. */
export async function spaceOf(db: Queryable, tenantId: string): Promise<string | undefined> {
  const [space] = await db.query<{ id: string }>(
    `select id from entities join matrix_rooms on entity = entities.id
      where tenant_id = $1 and entity_type = 'space' and room_id is not null`,
    [tenantId],
  );
  return space?.id;
}

/** Those of these rooms that are spaces of ours. */
export async function spacesAmong(db: Queryable, roomIds: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ roomId: string }>(
    `select room_id as "roomId" from entities join matrix_rooms on entity = entities.id
      where entity_type = 'space' and room_id = any ($1)`,
    [roomIds],
  );
  return rows.map(({ roomId }) => roomId);
}
