import { randomUUID } from 'node:crypto';
import type { Queryable } from '../database/database.ts';
import { jobKey } from '../jobs/enqueue.ts';
import { instant } from './instant.store.ts';
import type { EntityState, EntityType, RoomOrigin, RoomType } from './room.ts';
import type { Desired } from './statements.ts';

/** What a platform calls it. */
export type EntityKey = { tenantId: string; entityType: EntityType; entitySlug: string };

/** What should be. */
export type Entity = EntityKey &
  Desired & {
    id: string;
    /** Of what should be: each change is one more. */
    wantedVersion: number;
    createdAt: Date;
    /** By a statement, or because its room is another. */
    updatedAt: Date;
  };

/** What is known of its room on Matrix, and how far that is. */
type MatrixRoom = {
  origin: RoomOrigin;
  /** Matrix's own id, once there is a room. */
  roomId: string | null;
  /** The localpart only. */
  alias: string | null;
  syncedVersion: number;
  syncedAt: Date | null;
  error: string | null;
  /** Whether the worker's last attempt failed, and nothing was said since. */
  failed: boolean;
  /** Whether it will be tried again by itself. */
  retrying: boolean;
  /** Whether taking people out waits for an operator to confirm it. */
  removalsHeld: boolean;
};

export type EntityWithRoom = Entity & MatrixRoom;

const updatedAt = 'greatest(entities.updated_at, matrix_rooms.updated_at)';

const columns = `id, tenant_id as "tenantId", entity_type as "entityType",
  entity_slug as "entitySlug", state, name, topic, avatar_url as "avatarUrl",
  creator_slug as "creatorSlug", encrypted, cross_tenant as "crossTenant", purge, stamps,
  case when isfinite(members_since) then ${instant('members_since')} end as "membersSince", origin, room_id as "roomId", alias,
  wanted_version::float8 as "wantedVersion", synced_version::float8 as "syncedVersion",
  synced_at as "syncedAt", error,
  error is not null and error_at > ${updatedAt} as failed,
  error is not null and exists (select from graphile_worker.jobs
    where key = ${jobKey('sync-room', 'entities.id')} and attempts < max_attempts) as retrying,
  held_removals is not null as "removalsHeld",
  created_at as "createdAt", ${updatedAt} as "updatedAt"`;

const entitiesWithRooms = 'entities join matrix_rooms on entity = entities.id';

export async function entityByKey(
  db: Queryable,
  entity: EntityKey,
): Promise<EntityWithRoom | undefined> {
  const [room] = await db.query<EntityWithRoom>(
    `select ${columns} from ${entitiesWithRooms}
      where tenant_id = $1 and entity_type = $2 and entity_slug = $3`,
    [entity.tenantId, entity.entityType, entity.entitySlug],
  );
  return room;
}

/** The entity that a Matrix room belongs to. A space belongs to none. */
export async function entityByRoomId(
  db: Queryable,
  tenantId: string,
  roomId: string,
): Promise<EntityWithRoom | undefined> {
  const [room] = await db.query<EntityWithRoom>(
    `select ${columns} from ${entitiesWithRooms}
      where room_id = $2 and tenant_id = $1 and entity_type <> 'space'`,
    [tenantId, roomId],
  );
  return room;
}

export function entitiesByIds(db: Queryable, ids: readonly string[]): Promise<EntityWithRoom[]> {
  return db.query<EntityWithRoom>(
    `select ${columns} from ${entitiesWithRooms} where id = any($1)`,
    [ids],
  );
}

/** How many of these versions the worker has neither reached nor failed at. */
export async function unsettled(
  db: Queryable,
  changes: readonly { id: string; version: number }[],
): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count
      from ${entitiesWithRooms}
        join unnest($1::uuid[], $2::bigint[]) as wanted (id, version) using (id)
      where synced_version < version and state <> 'awaited'
        and (error is null or error_at <= ${updatedAt})`,
    [changes.map(({ id }) => id), changes.map(({ version }) => version)],
  );
  return row?.count ?? 0;
}

export type EntityFilter = {
  tenantId: string;
  entityType: EntityType | null;
  state: EntityState | null;
  after: readonly [type: string, slug: string] | null;
  limit: number;
};

/** In the order of type and slug. Deleted ones only when asked for. */
export function listEntities(db: Queryable, filter: EntityFilter): Promise<EntityWithRoom[]> {
  return db.query<EntityWithRoom>(
    `select ${columns} from ${entitiesWithRooms}
      where tenant_id = $1 and entity_type <> 'space'
        and ($2::text is null or entity_type = $2)
        and case when $3::text is null then state <> 'deleted' else state = $3 end
        and ($4::text is null or (entity_type, entity_slug) > ($4, $5))
      order by entity_type, entity_slug limit $6`,
    [
      filter.tenantId,
      filter.entityType,
      filter.state,
      filter.after?.[0] ?? null,
      filter.after?.[1] ?? null,
      filter.limit,
    ],
  );
}

/** Rows for entities that nobody has told of yet. */
export async function awaitEntities(tx: Queryable, entities: readonly EntityKey[]): Promise<void> {
  // In one order for everybody, so that no two transactions wait for each other's new rows.
  await tx.query(
    `with awaited as (
        insert into entities (id, tenant_id, entity_type, entity_slug)
        select id, tenant_id, entity_type, entity_slug
          from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
            as given (id, tenant_id, entity_type, entity_slug)
          order by tenant_id, entity_type, entity_slug
        on conflict do nothing returning id)
      insert into matrix_rooms (entity) select id from awaited`,
    [entities.map(() => randomUUID()), ...keysOf(entities)],
  );
}

/**
 * Those of the entities that have a row; nobody changes them, or what is known of their rooms, before
 * this transaction ends.
 */
export function lockEntities(
  tx: Queryable,
  entities: readonly EntityKey[],
): Promise<EntityWithRoom[]> {
  return tx.query<EntityWithRoom>(
    `select ${columns} from ${entitiesWithRooms}
      where (tenant_id, entity_type, entity_slug) in (
        select * from unnest($1::uuid[], $2::text[], $3::text[]))
      order by tenant_id, entity_type, entity_slug
      for no key update`,
    keysOf(entities),
  );
}

export type EntityChange = Desired & {
  id: string;
  /** Whether Synapse must follow. Where not, only what we know of the statements is kept. */
  matters: boolean;
};

/** @returns the version in which each change that matters is wanted */
export function saveEntities(
  tx: Queryable,
  changes: readonly EntityChange[],
): Promise<{ id: string; version: number }[]> {
  return tx.query<{ id: string; version: number }>(
    `update entities set state = given.state, name = given.name, topic = given.topic,
        avatar_url = given."avatarUrl", creator_slug = given."creatorSlug",
        encrypted = given.encrypted, cross_tenant = given."crossTenant", purge = given.purge,
        stamps = given.stamps,
        members_since = coalesce(given."membersSince", '-infinity'),
        wanted_version = wanted_version + given.matters::int,
        updated_at = case when given.matters then clock_timestamp() else updated_at end
      from jsonb_to_recordset($1) as given (id uuid, state text, name text, topic text,
        "avatarUrl" text, "creatorSlug" text, encrypted boolean, "crossTenant" boolean,
        purge boolean, stamps jsonb, "membersSince" timestamptz, matters boolean)
      where entities.id = given.id
      returning entities.id, wanted_version::float8 as version`,
    [JSON.stringify(changes)],
  );
}

/**
 * Gives a room the first of these aliases that no other room has. To be called after all rooms of
 * the transaction are locked.
 */
export async function chooseAlias(
  tx: Queryable,
  id: string,
  candidates: readonly string[],
): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended('room aliases', 0))");
  await tx.query(
    `update matrix_rooms set alias = (
        select alias from unnest($2::text[]) with ordinality as given (alias, place)
          where not exists (select from matrix_rooms other where other.alias = given.alias)
          order by place limit 1)
      where entity = $1 and alias is null`,
    [id, candidates],
  );
}

/** What templates need: slugs of tenants by their ids. */
export async function tenantSlugs(
  db: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await db.query<{ id: string; slug: string }>(
    'select id, slug from tenants where id = any($1)',
    [ids],
  );
  return new Map(rows.map(({ id, slug }) => [id, slug]));
}

function keysOf(entities: readonly EntityKey[]): [string[], RoomType[], string[]] {
  return [
    entities.map((it) => it.tenantId),
    entities.map((it) => it.entityType),
    entities.map((it) => it.entitySlug),
  ];
}
