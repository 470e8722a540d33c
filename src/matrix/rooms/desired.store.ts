import type { Queryable } from '../../database/database.ts';
import type { EntityState, RoomOrigin, RoomType, StrangerPolicy } from '../../entities/room.ts';
import type { HeldRemovals } from './desired.ts';

export type RoomRow = {
  id: string;
  tenantId: string;
  tenantSlug: string;
  tenantName: string;
  type: RoomType;
  slug: string;
  state: EntityState;
  origin: RoomOrigin;
  name: string | null;
  topic: string | null;
  avatarUrl: string | null;
  avatarSource: string | null;
  avatarMxc: string | null;
  creatorSlug: string | null;
  metadata: Record<string, unknown>;
  encrypted: boolean;
  purge: boolean;
  strangers: StrangerPolicy | null;
  alias: string | null;
  roomId: string | null;
  formerRoomId: string | null;
  membersSince: number | null;
  held: HeldRemovals | null;
  confirmed: string | null;
  spaceRoomId: string | null;
  tenantPeople: number;
  tenantRemoved: number;
  wantedVersion: string;
};

export async function findRoomRow(db: Queryable, id: string): Promise<RoomRow | undefined> {
  const [row] = await db.query<RoomRow>(
    `select entities.id, tenant_id as "tenantId", tenants.slug as "tenantSlug",
        tenants.name as "tenantName", entity_type as type, entity_slug as slug, state, origin,
        entities.name, topic, avatar_url as "avatarUrl", avatar_source as "avatarSource",
        avatar_mxc as "avatarMxc", creator_slug as "creatorSlug", metadata, encrypted, purge,
        strangers, alias, room_id as "roomId", former_room_id as "formerRoomId",
        case when isfinite(members_since)
          then floor(extract(epoch from members_since) * 1000)::float8 end as "membersSince",
        held_removals as held, confirmed_removals as confirmed,
        (select room_id from entities space join matrix_rooms on entity = space.id
          where space.tenant_id = entities.tenant_id and space.entity_type = 'space'
            and space.state = 'active' and space.id <> entities.id) as "spaceRoomId",
        -- Counted so far only: more than these nobody takes out by accident and unseen.
        (select count(*)::int from (
          select from memberships join entities others on others.id = memberships.room
            where others.tenant_id = entities.tenant_id and role <> 'banned'
              and others.state in ('active', 'cancelled') limit 20000) counted) as "tenantPeople",
        coalesce((select removed from tenant_removals
          where tenant_removals.tenant_id = entities.tenant_id
            and hour = date_trunc('hour', now())), 0) as "tenantRemoved",
        wanted_version as "wantedVersion"
      from entities join matrix_rooms on entity = entities.id
        join tenants on tenants.id = tenant_id
      where entities.id = $1`,
    [id],
  );
  return row;
}

export type PersonRow = {
  handle: string;
  accountId: string;
  role: string | null;
  powerLevel: number | null;
  /** Whether it was said before the entity was last deleted, and so counts no more. */
  outdated: boolean;
  /** Whether account and tenant may use Matrix now. */
  allowed: boolean;
  since: number;
};

/** Statements about people with a Matrix user of ours: of other tenants only where they may be. */
const effective = `from statements
  join entities on entities.id = statements.room
  join accounts on accounts.id = statements.account and accounts.status <> 'deleted'
  join tenants on tenants.id = accounts.tenant_id
  join handles on handles.account_id = accounts.id and handles.state = 'active'
  join matrix_users on matrix_users.handle = handles.handle
    and matrix_users.account_id = accounts.id
  where matrix_users.state = 'ready' and (not awaiting_confirmation or role = 'banned')
    and (entities.cross_tenant or (accounts.tenant_id = entities.tenant_id
      and member_tenant_id = entities.tenant_id))`;

/**
 * Everybody with an effective statement about them and a Matrix user of ours, and who was banned by one
 * that is outdated: that ban is to end. Where an account is meant by its slug and by its id, the newest
 * statement counts.
 */
export function peopleOfRoom(db: Queryable, room: string): Promise<PersonRow[]> {
  return db.query<PersonRow>(
    `with statements as (
        select memberships.*, account_id as account from memberships
          where room = $1 and account_id is not null
        union all
        select memberships.*, accounts.id from memberships
          join accounts on accounts.tenant_id = member_tenant_id and platform_slug = member
          where room = $1)
      select distinct on (accounts.id) handles.handle, accounts.id as "accountId", role,
        power_level as "powerLevel",
        accounts.status = 'active' and accounts.matrix_access = 'active'
          and tenants.status = 'active' as allowed,
        floor(extract(epoch from occurred_at) * 1000)::float8 as since,
        occurred_at <= members_since as outdated
      ${effective} and (occurred_at > members_since or role = 'banned')
      order by accounts.id, outdated, sequence desc nulls last, occurred_at desc, event_id desc`,
    [room],
  );
}

/** Everybody with a role in any room of the tenant: `member` while one is left, else nothing. */
export function peopleOfSpace(db: Queryable, tenantId: string): Promise<PersonRow[]> {
  return db.query<PersonRow>(
    `with statements as (
        select memberships.*, account_id as account from memberships
          join entities on entities.id = room
          where entities.tenant_id = $1 and account_id is not null
        union all
        select memberships.*, accounts.id from memberships
          join entities on entities.id = room
          join accounts on accounts.tenant_id = member_tenant_id and platform_slug = member
          where entities.tenant_id = $1)
      select handles.handle, accounts.id as "accountId", null as "powerLevel",
        case when bool_or(role <> 'banned' and entities.state in ('active', 'cancelled'))
          then 'member' end as role,
        bool_and(accounts.status = 'active' and accounts.matrix_access = 'active'
          and tenants.status = 'active') as allowed,
        floor(extract(epoch from max(occurred_at)) * 1000)::float8 as since, false as outdated
      ${effective} and occurred_at > members_since
      group by handles.handle, accounts.id`,
    [tenantId],
  );
}

export type AdministratorRow = { handle: string; platform: boolean };

/**
 * Who leads all rooms of a tenant, and who leads all rooms of all tenants. Also those who may not use
 * Matrix now: they would be strangers else, and not be in their rooms when they may again.
 */
export function administratorsOf(db: Queryable, tenantId: string): Promise<AdministratorRow[]> {
  return db.query<AdministratorRow>(
    `select handle, 'platform.admin' = any(roles) as platform
      from accounts
      join handles on handles.account_id = accounts.id and handles.state = 'active'
      join matrix_users using (handle, account_id)
      where matrix_users.state = 'ready' and accounts.status <> 'deleted'
        and ('platform.admin' = any(roles)
          or ('tenant.admin' = any(roles) and accounts.tenant_id = $1))`,
    [tenantId],
  );
}

export async function roomsOfSpace(db: Queryable, tenantId: string): Promise<string[]> {
  const rows = await db.query<{ roomId: string }>(
    `select room_id as "roomId" from entities join matrix_rooms on entity = entities.id
      where tenant_id = $1 and entity_type <> 'space' and state in ('active', 'cancelled')
        and room_id is not null
      order by room_id`,
    [tenantId],
  );
  return rows.map(({ roomId }) => roomId);
}

/** Those of these handles whose people are of the room's tenant, or were once named for the room. */
export async function familiarHandles(
  db: Queryable,
  { id, tenantId }: { id: string; tenantId: string },
  handles: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ handle: string }>(
    `select lower(handle) as handle from handles join accounts on accounts.id = handles.account_id
      where lower(handle) = any ($3::text[]) and handles.state = 'active'
        and accounts.status <> 'deleted'
        and (accounts.tenant_id = $2 or exists (select from memberships where room = $1
          and (memberships.account_id = accounts.id
            or (member_tenant_id = accounts.tenant_id and member = platform_slug))))`,
    [id, tenantId, handles],
  );
  return new Set(rows.map(({ handle }) => handle));
}
