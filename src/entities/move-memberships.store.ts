import type { Queryable } from '../database/database.ts';

/** Memberships of a tenant's person by other names, that an account is to have. */
export type Move = {
  tenantId: string;
  /** What the person was a member by: `account:<id>`, or slugs. */
  from: readonly string[];
  accountId: string;
};

/** The rooms concerned, in one order for all, so that nobody waits in a circle. */
export async function lockEntitiesOf(tx: Queryable, { tenantId, from }: Move): Promise<string[]> {
  const rooms = await tx.query<{ id: string }>(
    `select id from entities where id in (
        select room from memberships where member_tenant_id = $1 and member = any ($2::text[]))
      order by tenant_id, entity_type, entity_slug for no key update`,
    [tenantId, from],
  );
  return rooms.map(({ id }) => id);
}

export async function lockEntitiesById(tx: Queryable, rooms: readonly string[]): Promise<void> {
  await tx.query(
    `select from entities where id = any ($1::uuid[])
      order by tenant_id, entity_type, entity_slug for no key update`,
    [rooms],
  );
}

/** Slugs that an account has are that account's, whoever else was called so before. */
export async function unassignedSlugs(
  db: Queryable,
  { tenantId, slugs }: { tenantId: string; slugs: readonly string[] },
): Promise<string[]> {
  const rows = await db.query<{ slug: string }>(
    `select slug from unnest($2::text[]) as slug
      where not exists (select from accounts where tenant_id = $1 and platform_slug = slug)`,
    [tenantId, slugs],
  );
  return rows.map(({ slug }) => slug);
}

/**
 * Leaves at most one membership a room to be moved: the one said last, and none where the account
 * is, or is banned, by its own id or slug. That the account itself left a room does not count.
 */
export async function deleteSuperseded(tx: Queryable, move: Move): Promise<void> {
  await tx.query(
    `with said_last as (
        select distinct on (room) room, member from memberships
        where member_tenant_id = $1 and member = any ($2::text[])
        order by room, sequence desc nulls last, occurred_at desc, event_id desc),
      moving as (
        select room, member from said_last where not exists (
          select from memberships own join accounts on accounts.id = $3::uuid
          where own.room = said_last.room and own.member_tenant_id = $1 and own.role is not null
            and own.member <> all ($2) and own.member in ('account:' || $3::uuid::text, platform_slug)))
      delete from memberships
      where member_tenant_id = $1 and case when member = any ($2)
        then not exists (select from moving
          where moving.room = memberships.room and moving.member = memberships.member)
        else member = 'account:' || $3::uuid::text and room in (select room from moving) end`,
    [move.tenantId, move.from, move.accountId],
  );
}

/** @param confirm whether the person has to agree first; nobody is asked about a ban */
export async function renameMemberships(
  tx: Queryable,
  move: Move,
  { confirm }: { confirm: boolean },
): Promise<number> {
  const moved = await tx.query(
    `update memberships set member = 'account:' || $3::uuid::text, account_id = $3::uuid,
        awaiting_confirmation = case when $4 then role is not null and role <> 'banned'
          else awaiting_confirmation end
      where member_tenant_id = $1 and member = any ($2::text[]) returning 1`,
    [move.tenantId, move.from, move.accountId, confirm],
  );
  return moved.length;
}

/** @returns those of the rooms that are more than awaited */
export async function bumpWantedVersion(
  tx: Queryable,
  rooms: readonly string[],
): Promise<string[]> {
  const changed = await tx.query<{ id: string }>(
    `update entities set wanted_version = wanted_version + 1, updated_at = now()
      where id = any ($1::uuid[]) and state <> 'awaited' returning id`,
    [rooms],
  );
  return changed.map(({ id }) => id);
}

/** Rooms that somebody belongs to by a slug that nobody has from now on. */
export async function entitiesOfSlug(
  db: Queryable,
  { tenantId, slug }: { tenantId: string; slug: string },
): Promise<string[]> {
  const rooms = await db.query<{ room: string }>(
    `select room from memberships where member_tenant_id = $1 and member = $2
      and role is not null order by room`,
    [tenantId, slug],
  );
  return rooms.map(({ room }) => room);
}

/** What is said of a guest that is no more. */
export async function deleteMemberships(
  tx: Queryable,
  { tenantId, member }: { tenantId: string; member: string },
): Promise<void> {
  await tx.query('delete from memberships where member_tenant_id = $1 and member = $2', [
    tenantId,
    member,
  ]);
}
