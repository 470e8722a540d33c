import type { Queryable } from '../database/database.ts';
import type { MemberKey } from './memberships.store.ts';
import type { Stamp } from './order.ts';
import type { EntityState, EntityType, RoomOrigin, StrangerPolicy } from './room.ts';

/** All of an entity that an operator's import may change, and what it replaces. */
export type RoomSnapshot = {
  id: string;
  tenantId: string;
  entityType: EntityType;
  entitySlug: string;
  state: EntityState;
  name: string | null;
  topic: string | null;
  avatarUrl: string | null;
  creatorSlug: string | null;
  encrypted: boolean;
  strangers: StrangerPolicy | null;
  origin: RoomOrigin;
  roomId: string | null;
  formerRoomId: string | null;
  alias: string | null;
  metadata: Record<string, unknown>;
  stamps: Record<string, Stamp>;
};

export type MembershipSnapshot = {
  room: string;
  memberTenantId: string;
  member: string;
  accountId: string | null;
  role: string | null;
  powerLevel: number | null;
  sequence: number | null;
  /** ISO 8601 in UTC, to the microsecond. */
  occurredAt: string;
  eventId: string;
  awaitingConfirmation: boolean;
};

const roomColumns = `e.id, e.tenant_id as "tenantId", e.entity_type as "entityType",
  e.entity_slug as "entitySlug", e.state, e.name, e.topic, e.avatar_url as "avatarUrl",
  e.creator_slug as "creatorSlug", e.encrypted, r.strangers, r.origin, r.room_id as "roomId",
  r.former_room_id as "formerRoomId", r.alias, r.metadata, e.stamps`;

const membershipColumns = `m.room, m.member_tenant_id as "memberTenantId", m.member,
  m.account_id as "accountId", m.role, m.power_level as "powerLevel",
  m.sequence::float8 as sequence,
  to_char(m.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "occurredAt",
  m.event_id as "eventId", m.awaiting_confirmation as "awaitingConfirmation"`;

type Entity = { entityType: string; entitySlug: string };

/** Locked in the order in which everybody locks rooms. */
export function lockSnapshots(
  tx: Queryable,
  tenantId: string,
  entities: readonly Entity[],
): Promise<RoomSnapshot[]> {
  return tx.query<RoomSnapshot>(
    `select ${roomColumns} from entities e join matrix_rooms r on r.entity = e.id
      where e.tenant_id = $1 and (e.entity_type, e.entity_slug) in (
        select * from unnest($2::text[], $3::text[]))
      order by e.tenant_id, e.entity_type, e.entity_slug for no key update`,
    [
      tenantId,
      entities.map(({ entityType }) => entityType),
      entities.map(({ entitySlug }) => entitySlug),
    ],
  );
}

export function lockSnapshotsById(tx: Queryable, ids: readonly string[]): Promise<RoomSnapshot[]> {
  return tx.query<RoomSnapshot>(
    `select ${roomColumns} from entities e join matrix_rooms r on r.entity = e.id
      where e.id = any ($1::uuid[])
      order by e.tenant_id, e.entity_type, e.entity_slug for no key update`,
    [ids],
  );
}

/** Whose these rooms of Synapse are already, or are about to be by a link. */
export function holdersOfRoomIds(
  db: Queryable,
  roomIds: readonly string[],
): Promise<{ roomId: string; room: string; tenantId: string }[]> {
  return db.query(
    `select room_id as "roomId", id as room, tenant_id as "tenantId"
        from entities join matrix_rooms on entity = entities.id where room_id = any ($1)
      union all
      select l.room_id, l.room, e.tenant_id from room_links l join entities e on e.id = l.room
        where l.room_id = any ($1) and l.expires_at > now()`,
    [roomIds],
  );
}

/** Makes these rows as they are given; others than the columns of a snapshot keep what they hold. */
export async function putRoomSnapshots(
  tx: Queryable,
  rooms: readonly RoomSnapshot[],
): Promise<void> {
  await tx.query(
    `insert into entities (id, tenant_id, entity_type, entity_slug, state, name, topic, avatar_url,
        creator_slug, encrypted, stamps)
      select * from jsonb_to_recordset($1::jsonb) as given (id uuid, "tenantId" uuid,
        "entityType" text, "entitySlug" text, state text, name text, topic text, "avatarUrl" text,
        "creatorSlug" text, encrypted boolean, stamps jsonb)
      on conflict (id) do update set state = excluded.state, name = excluded.name,
        topic = excluded.topic, avatar_url = excluded.avatar_url,
        creator_slug = excluded.creator_slug, encrypted = excluded.encrypted,
        stamps = excluded.stamps`,
    [JSON.stringify(rooms)],
  );
  await tx.query(
    `insert into matrix_rooms (entity, strangers, origin, room_id, former_room_id, alias, metadata)
      select * from jsonb_to_recordset($1::jsonb) as given (id uuid, strangers text, origin text,
        "roomId" text, "formerRoomId" text, alias text, metadata jsonb)
      on conflict (entity) do update set strangers = excluded.strangers,
        origin = excluded.origin, room_id = excluded.room_id,
        former_room_id = excluded.former_room_id, alias = excluded.alias,
        metadata = excluded.metadata`,
    [JSON.stringify(rooms)],
  );
}

/** @returns those that are gone now: an entity to which somebody belongs stays */
export async function deleteEmptyRooms(tx: Queryable, ids: readonly string[]): Promise<string[]> {
  const deleted = await tx.query<{ id: string }>(
    `delete from entities where id = any ($1::uuid[])
      and not exists (select from memberships where room = entities.id) returning id`,
    [ids],
  );
  return deleted.map(({ id }) => id);
}

/** To be read once their rooms are locked. */
export function membershipSnapshots(
  tx: Queryable,
  members: readonly MemberKey[],
): Promise<MembershipSnapshot[]> {
  return tx.query<MembershipSnapshot>(
    `select ${membershipColumns} from memberships m
      where (m.room, m.member_tenant_id, m.member) in (
        select * from unnest($1::uuid[], $2::uuid[], $3::text[]))
      order by m.room, m.member_tenant_id, m.member`,
    keysOf(members),
  );
}

export async function putMembershipSnapshots(
  tx: Queryable,
  memberships: readonly MembershipSnapshot[],
): Promise<void> {
  await tx.query(
    `insert into memberships (room, member_tenant_id, member, account_id, role, power_level,
        sequence, occurred_at, event_id, awaiting_confirmation)
      select * from jsonb_to_recordset($1::jsonb) as given (room uuid, "memberTenantId" uuid,
        member text, "accountId" uuid, role text, "powerLevel" integer, sequence bigint,
        "occurredAt" timestamptz, "eventId" text, "awaitingConfirmation" boolean)
      on conflict (room, member_tenant_id, member) do update set
        account_id = excluded.account_id, role = excluded.role,
        power_level = excluded.power_level, sequence = excluded.sequence,
        occurred_at = excluded.occurred_at, event_id = excluded.event_id,
        awaiting_confirmation = excluded.awaiting_confirmation`,
    [JSON.stringify(memberships)],
  );
}

export async function deleteMembershipRows(
  tx: Queryable,
  members: readonly MemberKey[],
): Promise<void> {
  await tx.query(
    `delete from memberships where (room, member_tenant_id, member) in (
      select * from unnest($1::uuid[], $2::uuid[], $3::text[]))`,
    keysOf(members),
  );
}

function keysOf(members: readonly MemberKey[]): string[][] {
  return [
    members.map(({ room }) => room),
    members.map(({ memberTenantId }) => memberTenantId),
    members.map(({ member }) => member),
  ];
}
