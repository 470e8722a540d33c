import type { Queryable } from '../database/database.ts';
import type { RoomType } from './room.ts';

/** A membership that its person has not agreed to yet. Nobody is asked about a ban. */
export type OpenMembership = {
  room: string;
  type: RoomType;
  /** As the platform calls the entity; its slug where it has not told of it yet. */
  name: string;
  role: string;
  /** Set apart from the role's own. */
  powerLevel: number | null;
};

export function openMemberships(db: Queryable, accountId: string): Promise<OpenMembership[]> {
  return db.query<OpenMembership>(
    `select room, entity_type as type, coalesce(name, entity_slug) as name, role,
        power_level as "powerLevel"
      from memberships join entities on entities.id = memberships.room
      where account_id = $1 and awaiting_confirmation and role <> 'banned'
        and entities.state <> 'deleted' and occurred_at > members_since
      order by name, room`,
    [accountId],
  );
}

export async function hasOpenMemberships(db: Queryable, accountId: string): Promise<boolean> {
  const [row] = await db.query<{ open: boolean }>(
    `select exists (select from memberships join entities on entities.id = memberships.room
      where account_id = $1 and awaiting_confirmation and role <> 'banned'
        and entities.state <> 'deleted' and occurred_at > members_since) as open`,
    [accountId],
  );
  return row?.open ?? false;
}

/** @returns the rooms in which there was something to agree to */
export async function keepMemberships(
  tx: Queryable,
  accountId: string,
  rooms: readonly string[],
): Promise<string[]> {
  const kept = await tx.query<{ room: string }>(
    `update memberships set awaiting_confirmation = false
      where account_id = $1 and awaiting_confirmation and role <> 'banned'
        and room = any ($2::uuid[]) returning room`,
    [accountId, rooms],
  );
  return kept.map(({ room }) => room);
}

/** Whoever declines has left: an older statement of the platform does not bring them back. */
export async function declineMemberships(
  tx: Queryable,
  accountId: string,
  rooms: readonly string[],
): Promise<string[]> {
  const declined = await tx.query<{ room: string }>(
    `update memberships set awaiting_confirmation = false, role = null, power_level = null
      where account_id = $1 and awaiting_confirmation and role <> 'banned'
        and room = any ($2::uuid[]) returning room`,
    [accountId, rooms],
  );
  return declined.map(({ room }) => room);
}
