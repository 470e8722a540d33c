import { randomUUID } from 'node:crypto';
import type { World } from './world.ts';

type Rooms = Pick<World, 'database' | 'defaultTenantId'>;

/** A room of an event that a platform told of, which no worker has to do anything with. */
export async function addRoom(
  { database, defaultTenantId }: Rooms,
  room: { name: string; type?: string; tenantId?: string },
): Promise<string> {
  const id = randomUUID();
  await database.query(
    `with entity as (
        insert into entities (id, tenant_id, entity_type, entity_slug, name, state)
        values ($1::uuid, $2, $3, 'slug-' || $1::text, $4, 'active') returning id)
      insert into matrix_rooms (entity) select id from entity`,
    [id, room.tenantId ?? defaultTenantId, room.type ?? 'event', room.name],
  );
  return id;
}

export type Word = { role?: string | null; tenantId?: string; sequence?: number; open?: boolean };

/** What a platform said of somebody, by slug or by `account:<id>`. */
export async function addMember(
  { database, defaultTenantId }: Rooms,
  room: string,
  member: string,
  { role = 'attendee', tenantId = defaultTenantId, sequence, open = false }: Word = {},
): Promise<void> {
  const accountId = member.startsWith('account:') ? member.slice('account:'.length) : null;
  await database.query(
    `insert into memberships (room, member_tenant_id, member, account_id, role, sequence,
        occurred_at, event_id, awaiting_confirmation)
      values ($1, $2, $3, $4, $5, $6, now(), $7, $8)`,
    [room, tenantId, member, accountId, role, sequence ?? null, randomUUID(), open],
  );
}

export type Member = {
  member: string;
  accountId: string | null;
  role: string | null;
  open: boolean;
};

export function membersOf({ database }: Rooms, room: string): Promise<Member[]> {
  return database.query<Member>(
    `select member, account_id as "accountId", role, awaiting_confirmation as open
      from memberships where room = $1 order by member`,
    [room],
  );
}

/** The member as this account, who has agreed or still has to. */
export function memberAs(accountId: string, role: string | null, open: boolean): Member {
  return { member: `account:${accountId}`, accountId, role, open };
}

export async function wantedVersion({ database }: Rooms, room: string): Promise<number> {
  const [row] = await database.query<{ version: string }>(
    'select wanted_version as version from entities where id = $1',
    [room],
  );
  return Number(row?.version);
}
