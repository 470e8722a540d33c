import type { Queryable } from '../database/database.ts';

/** An entity that has a room already. */
export type ImportedRoom = {
  entityType: string;
  entitySlug: string;
  roomId: string;
  /** Told in the room's metadata, besides what is known of the entity. */
  metadata: Record<string, unknown>;
};

/**
 * Ties rooms that exist to rows that have none. People whom nobody told of yet stay in them until an
 * operator says otherwise: an import takes nobody out.
 */
export async function adoptRooms(
  tx: Queryable,
  tenantId: string,
  rooms: readonly ImportedRoom[],
): Promise<void> {
  await tx.query(
    `update matrix_rooms set origin = 'imported', strangers = 'keep', room_id = given."roomId",
        metadata = matrix_rooms.metadata || given.metadata
      from jsonb_to_recordset($2::jsonb)
        as given ("entityType" text, "entitySlug" text, "roomId" text, metadata jsonb)
        join entities on entity_type = given."entityType" and entity_slug = given."entitySlug"
      where entity = entities.id and tenant_id = $1 and room_id is null`,
    [tenantId, JSON.stringify(rooms)],
  );
}
