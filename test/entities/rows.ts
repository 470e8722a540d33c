import { randomUUID } from 'node:crypto';
import type { Queryable } from '../../src/database/database.ts';
import type { EntityState, RoomType } from '../../src/entities/room.ts';

export type RoomOrder = {
  tenantId: string;
  entityType?: RoomType;
  entitySlug?: string;
  state?: EntityState;
  /** As Synapse calls it, once it is made. */
  roomId?: string;
};

/** A room as if it had been told of, and made where it has an id. */
export async function addRoom(
  db: Queryable,
  { tenantId, entityType = 'event', entitySlug, state = 'active', roomId }: RoomOrder,
): Promise<string> {
  const id = randomUUID();
  await db.query(
    `with entity as (
        insert into entities (id, tenant_id, entity_type, entity_slug, state)
        values ($1, $2, $3, $4, $5) returning id)
      insert into matrix_rooms (entity, room_id) select id, $6 from entity`,
    [id, tenantId, entityType, entitySlug ?? id, state, roomId ?? null],
  );
  return id;
}

export async function addMembership(
  db: Queryable,
  { room, tenantId, member }: { room: string; tenantId: string; member: string },
): Promise<void> {
  await db.query(
    `insert into memberships (room, member_tenant_id, member, role, occurred_at, event_id)
      values ($1, $2, $3, 'attendee', now(), 'given')`,
    [room, tenantId, member],
  );
}

/** What the worker does when it has made Synapse so. */
export async function settle(db: Queryable, roomId: string, entitySlug: string): Promise<void> {
  await db.query(
    `update matrix_rooms set room_id = $1, synced_version = wanted_version, synced_at = now(),
        error = null, error_at = null from entities where entity = id and entity_slug = $2`,
    [roomId, entitySlug],
  );
}
