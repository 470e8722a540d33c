import type { Queryable } from '../database/database.ts';
import type { EntityState, EntityType, RoomOrigin, StrangerPolicy } from '../entities/room.ts';

/** An entity with a room, as far as a migration goes by it. */
export type KnownRoom = {
  id: string;
  tenantId: string;
  tenant: string;
  entityType: EntityType;
  entitySlug: string;
  state: EntityState;
  origin: RoomOrigin;
  /** Of its own, apart from the setting. */
  strangers: StrangerPolicy | null;
  roomId: string;
  /** That it had, where it has none. */
  formerRoomId: string | null;
};

const columns = `e.id, e.tenant_id as "tenantId", t.slug as tenant, e.entity_type as "entityType",
  e.entity_slug as "entitySlug", e.state, r.origin, r.strangers, r.room_id as "roomId",
  r.former_room_id as "formerRoomId"`;

const tables = `entities e join matrix_rooms r on r.entity = e.id
  join tenants t on t.id = e.tenant_id`;

/** A page of those that have a room, in the order of their ids. A tenant's space is our own affair. */
export function knownRooms(
  db: Queryable,
  page: { tenantId: string | null; after: string | null; limit: number },
): Promise<KnownRoom[]> {
  return db.query<KnownRoom>(
    `select ${columns} from ${tables}
      where r.room_id is not null and e.entity_type <> 'space' and e.state <> 'deleted'
        and ($1::uuid is null or e.tenant_id = $1) and ($2::uuid is null or e.id > $2)
      order by e.id limit $3`,
    [page.tenantId, page.after, page.limit],
  );
}

export function roomsByRoomIds(db: Queryable, roomIds: readonly string[]): Promise<KnownRoom[]> {
  return db.query<KnownRoom>(
    `select ${columns} from ${tables}
      where r.room_id = any ($1::text[]) and e.entity_type <> 'space'`,
    [roomIds],
  );
}

/** Entities whose room was cleared and that wait for another. */
export function clearedRooms(
  db: Queryable,
  page: { tenantId: string | null; after: string | null; limit: number },
): Promise<Omit<KnownRoom, 'roomId'>[]> {
  return db.query(
    `select ${columns} from ${tables}
      where r.room_id is null and r.former_room_id is not null and e.state = 'awaited'
        and e.entity_type <> 'space'
        and ($1::uuid is null or e.tenant_id = $1) and ($2::uuid is null or e.id > $2)
      order by e.id limit $3`,
    [page.tenantId, page.after, page.limit],
  );
}

/**
 * Forgets the room of an entity, which waits from now on: for the platform's next statement, or for an
 * operator's. What marks a room from before is not for the next one.
 */
export async function clearRoom(
  tx: Queryable,
  { id, roomId }: Pick<KnownRoom, 'id' | 'roomId'>,
): Promise<void> {
  await tx.query(
    `update entities set state = 'awaited', wanted_version = wanted_version + 1, updated_at = now()
      where id = $1`,
    [id],
  );
  await tx.query(
    `update matrix_rooms set room_id = null, former_room_id = $2, origin = 'made',
        strangers = null, metadata = metadata - '{legacy_room,migration_date}'::text[],
        error = null, error_at = null, drift = null, held_removals = null
      where entity = $1`,
    [id, roomId],
  );
}

export async function activateRoom(tx: Queryable, id: string): Promise<void> {
  await tx.query(
    `update entities set state = 'active' from matrix_rooms
      where id = $1 and entity = id and state = 'awaited' and room_id is null`,
    [id],
  );
}

/** From now on the room's metadata say that it is older than this service. */
export async function markLegacyRow(
  tx: Queryable,
  id: string,
  metadata: Record<string, unknown>,
): Promise<void> {
  await tx.query('update matrix_rooms set metadata = metadata || $2::jsonb where entity = $1', [
    id,
    JSON.stringify(metadata),
  ]);
}

/** Whoever came into the room by other means is treated as everywhere. */
export async function stopKeepingStrangers(tx: Queryable, id: string): Promise<void> {
  await tx.query('update matrix_rooms set strangers = null where entity = $1', [id]);
  await tx.query(
    `update entities set wanted_version = wanted_version + 1, updated_at = now() where id = $1`,
    [id],
  );
}
