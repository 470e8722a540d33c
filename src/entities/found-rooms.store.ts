import { type Authority, ofTenants } from '../authority/authority.ts';
import type { Queryable } from '../database/database.ts';
import { type Condition, type Cursor, type Page, readPage } from '../database/keyset.ts';
import type { EntityState, RoomOrigin, RoomType, StrangerPolicy } from './room.ts';

export type ListedRoom = {
  id: string;
  tenantId: string;
  tenant: string;
  type: RoomType;
  slug: string;
  name: string | null;
  state: EntityState;
  origin: RoomOrigin;
  roomId: string | null;
  alias: string | null;
  members: number;
  /** Whether Synapse is as the platform last said. */
  synced: boolean;
  error: string | null;
  removalsHeld: number | null;
};

export type FoundRoom = ListedRoom & {
  topic: string | null;
  encrypted: boolean;
  crossTenant: boolean;
  strangers: StrangerPolicy | null;
  createdBy: string | null;
  formerRoomId: string | null;
  syncedAt: Date | null;
  errorAt: Date | null;
  checkedAt: Date | null;
  heldUsers: string[] | null;
  heldDigest: string | null;
  createdAt: Date;
};

const listed = `entities.id, tenant_id as "tenantId", tenants.slug as tenant, entity_type as type, entity_slug as slug,
  entities.name, entities.state, origin, room_id as "roomId", alias,
  (select count(*)::int from memberships where room = entities.id and role <> 'banned'
    and occurred_at > members_since) as members,
  synced_version >= wanted_version as synced, error,
  (held_removals->>'count')::int as "removalsHeld"`;

export type RoomQuestion = {
  tenantId: string | null;
  /** Only those that need somebody: with an error, or with removals to confirm. */
  troubled: boolean;
  limit: number;
};

export function findRooms(db: Queryable, { tenantId, troubled, limit }: RoomQuestion) {
  return db.query<ListedRoom>(
    `select ${listed} from entities join matrix_rooms on entity = entities.id
        join tenants on tenants.id = tenant_id
      where ($1::uuid is null or tenant_id = $1) and entities.state <> 'awaited'
        and (entities.state <> 'deleted' or room_id is not null)
        and (not $2 or error is not null or held_removals is not null)
      order by tenants.slug, entity_type, entity_slug limit $3`,
    [tenantId, troubled, limit],
  );
}

const found = `${listed}, topic, encrypted, cross_tenant as "crossTenant", strangers,
  creator_slug as "createdBy", former_room_id as "formerRoomId", synced_at as "syncedAt",
  error_at as "errorAt", checked_at as "checkedAt",
  array(select jsonb_array_elements_text(held_removals->'users')) as "heldUsers",
  held_removals->>'digest' as "heldDigest", entities.created_at as "createdAt"`;

const withRoom = `entities join matrix_rooms on entity = entities.id
  join tenants on tenants.id = tenant_id`;

export async function findRoom(
  db: Queryable,
  { tenantId, type, slug }: { tenantId: string; type: string; slug: string },
): Promise<FoundRoom | undefined> {
  const [room] = await db.query<FoundRoom>(
    `select ${found} from ${withRoom}
      where tenant_id = $1 and entity_type = $2 and entity_slug = $3`,
    [tenantId, type, slug],
  );
  return room;
}

export async function findRoomById(db: Queryable, id: string): Promise<FoundRoom | undefined> {
  const [room] = await db.query<FoundRoom>(
    `select ${found} from ${withRoom} where entities.id = $1`,
    [id],
  );
  return room;
}

export type RoomFilters = {
  tenantId?: string;
  type?: RoomType;
  /** Only those that need somebody: with an error, or with removals to confirm. */
  troubled?: boolean;
};

/** The rooms of the tenants that somebody administers, by time. */
export function listRoomsOf(
  db: Queryable,
  authority: Authority,
  filters: RoomFilters,
  wanted: { descending: boolean; after?: Cursor; limit: number },
): Promise<Page<FoundRoom>> {
  const where = [
    ...ofTenants('tenant_id', authority, filters.tenantId),
    [`entities.state <> 'awaited' and (entities.state <> 'deleted' or room_id is not null)`],
    ...(filters.type ? [['entity_type = ?', filters.type]] : []),
    ...(filters.troubled ? [['error is not null or held_removals is not null']] : []),
  ] as Condition[];
  return readPage<FoundRoom>(
    db,
    {
      columns: found,
      from: withRoom,
      id: { column: 'entities.id', type: 'uuid' },
      sorting: { by: 'entities.created_at', type: 'timestamptz' },
      descending: wanted.descending,
      where,
    },
    wanted,
  );
}

/** @returns false when another list of people waits by now, or none */
export async function confirmRemovals(tx: Queryable, id: string, digest: string): Promise<boolean> {
  const rows = await tx.query(
    `update matrix_rooms set confirmed_removals = $2, updated_at = now()
      where entity = $1 and held_removals->>'digest' = $2 returning entity`,
    [id, digest],
  );
  return rows.length > 0;
}
