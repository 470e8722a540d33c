import { type Instant, later } from './instant.ts';
import { isNewer, type Stamp } from './order.ts';
import type { EntityState } from './room.ts';

/** What a platform can say of an entity; each field has a newest statement of its own. */
export type EntityFields = {
  /** Null: the room is called by its slug. */
  name: string | null;
  topic: string | null;
  avatarUrl: string | null;
  creatorSlug: string | null;
  encrypted: boolean;
  /** Whether people of other tenants may belong. */
  crossTenant: boolean;
  /** Whether the history goes with the entity when it is deleted. */
  purge: boolean;
};

export type Desired = EntityFields & {
  state: EntityState;
  /** For each field the statement that set it. */
  stamps: Readonly<Record<string, Stamp>>;
  /** Whoever belonged by a statement from before the last deletion does so no longer. */
  membersSince: Instant | null;
};

/** Said of an entity that exists, or did. */
export type EntityStatement = {
  stamp: Stamp;
  fields: Partial<EntityFields>;
  state?: Exclude<EntityState, 'awaited'>;
};

/**
 * What is desired once this is said too. The same statements in any order, and however often, end in the
 * same.
 *
 * @returns the same object for a statement that says nothing new
 */
export function withEntityStatement(desired: Desired, statement: EntityStatement): Desired {
  const { stamp, fields, state } = statement;
  const said = Object.entries({ ...fields, state }).filter(
    ([field, value]) => value !== undefined && isNewer(stamp, desired.stamps[field]),
  );
  // Also a deletion that is not the last statement any more ended all memberships from before it.
  const deletedAt = state === 'deleted' ? stamp.occurredAt : null;
  const membersSince = later(deletedAt, desired.membersSince);
  // A statement that names no state still tells that the entity exists; any that does counts more.
  const known = desired.state === 'awaited' ? { state: 'active' as const } : {};
  if (said.length === 0 && membersSince === desired.membersSince && !('state' in known)) {
    return desired;
  }
  return {
    ...desired,
    ...known,
    ...Object.fromEntries(said),
    stamps: { ...desired.stamps, ...Object.fromEntries(said.map(([field]) => [field, stamp])) },
    membersSince,
  };
}

/** What a platform says of one member. */
export type MemberState = {
  /** Null for somebody who left. */
  role: string | null;
  /** Holds instead of the role's level until the next statement about the role. */
  powerLevel: number | null;
  stamp: Stamp;
};

export type MemberStatement = { role: string | null; stamp: Stamp };

/** @returns the same object for a statement that is not newer */
export function withMemberStatement<Known extends MemberState>(
  known: Known | undefined,
  statement: MemberStatement,
): Known | MemberState {
  if (known && !isNewer(statement.stamp, known.stamp)) return known;
  return { ...known, ...statement, powerLevel: null };
}

/** Whether somebody belongs (or is banned) now: has a role that no deletion has ended. */
export function belongs({ role, stamp }: MemberState, { membersSince }: Desired): boolean {
  return role !== null && (membersSince === null || stamp.occurredAt > membersSince);
}
