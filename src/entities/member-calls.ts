import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { callId, knownEntity, presentEntity, settled } from './calls.ts';
import { type Change, DesiredState, type DesiredStateSettings } from './desired-state.ts';
import type { Entity, EntityKey } from './entities.store.ts';
import type { MemberKey, Membership } from './memberships.store.ts';
import { stampNow } from './order.ts';
import { banned, isRole } from './roles.ts';
import { belongs } from './statements.ts';

/** A person as a platform names them: by their slug there, or as `account:` and an id. */
export type Member = { tenantId: string; slug: string };

export type MemberOrder = Member & { role: string };

type Parts = DesiredStateSettings & { tx: Queryable };

/** How a direct call left one member, and what to wait for. */
export type MemberChange = Change & { membership: Membership | undefined };

/**
 * Somebody belongs with this role, also to an entity that nobody has told of yet. Said again it keeps
 * a level of their own, and puts them back if they left the room by themselves.
 *
 * @throws AppError `role_unknown` (400), `room_deleted`, `cross_tenant_off` (409)
 */
export async function setMember(
  { tx, ...settings }: Parts,
  which: EntityKey,
  order: MemberOrder,
): Promise<MemberChange> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [which],
    awaiting: true,
  });
  const entity = presentEntity(desiredState, which);
  admit(entity, order);
  const key = keyIn(entity, order);
  await desiredState.readMembers([key]);
  if (!say(desiredState, entity, key, order.role)) {
    desiredState.affirmMember(
      key,
      stampNow(callId(), [desiredState.member(key)?.stamp], entity.membersSince),
    );
  }
  return { ...(await settled(desiredState, entity)), membership: desiredState.member(key) };
}

/**
 * Somebody has left, or is banned no longer. Nothing changes for whoever does not belong.
 *
 * @throws AppError `room_not_found` (404)
 */
export async function removeMember(
  { tx, ...settings }: Parts,
  which: EntityKey,
  member: Member,
): Promise<MemberChange> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [which],
    awaiting: false,
  });
  const entity = knownEntity(desiredState, which);
  const key = keyIn(entity, member);
  await desiredState.readMembers([key]);
  say(desiredState, entity, key, null);
  return { ...(await settled(desiredState, entity)), membership: desiredState.member(key) };
}

export type ListChange = Change & {
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
};

/**
 * These and nobody else belong. Bans stay, unless the list gives somebody banned a role.
 *
 * @throws AppError as `setMember`
 */
export async function setMembers(
  { tx, ...settings }: Parts,
  which: EntityKey,
  orders: readonly MemberOrder[],
): Promise<ListChange> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [which],
    awaiting: true,
  });
  const entity = presentEntity(desiredState, which);
  for (const order of orders) admit(entity, order);
  const present = (await desiredState.readAllMembers(entity)).filter((it) => belongs(it, entity));
  const listed = new Map(orders.map((order) => [nameOf(keyIn(entity, order)), order]));
  const before = new Map(present.map((it) => [nameOf(it), it.role]));
  const counts = { added: 0, changed: 0, removed: 0, unchanged: 0 };
  for (const [name, order] of listed) {
    const role = before.get(name);
    say(desiredState, entity, keyIn(entity, order), order.role);
    counts[role === undefined ? 'added' : role === order.role ? 'unchanged' : 'changed'] += 1;
  }
  for (const known of present) {
    if (listed.has(nameOf(known)) || known.role === banned) continue;
    say(desiredState, entity, known, null);
    counts.removed += 1;
  }
  return { ...(await settled(desiredState, entity)), ...counts };
}

/**
 * A level of one's own until the next statement about one's role.
 *
 * @throws AppError `room_deleted`, `member_banned` (409), `member_not_found` (404)
 */
export async function overrideLevel(
  { tx, ...settings }: Parts,
  which: EntityKey,
  { powerLevel, ...member }: Member & { powerLevel: number },
): Promise<MemberChange> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [which],
    awaiting: false,
  });
  const entity = presentEntity(desiredState, which);
  const key = keyIn(entity, member);
  await desiredState.readMembers([key]);
  const known = desiredState.member(key);
  if (!known || !belongs(known, entity)) throw new AppError('member_not_found');
  if (known.role === banned) throw new AppError('member_banned');
  if (known.powerLevel !== powerLevel) desiredState.override(key, powerLevel);
  return { ...(await settled(desiredState, entity)), membership: desiredState.member(key) };
}

/**
 * Saying what is so already is no statement: a level of one's own stays.
 *
 * @returns whether it was not so
 */
function say(
  desiredState: DesiredState,
  entity: Entity,
  key: MemberKey,
  role: string | null,
): boolean {
  const known = desiredState.member(key);
  const now = known && belongs(known, entity) ? known.role : null;
  if (now === role) return false;
  const stamp = stampNow(callId(), [known?.stamp], entity.membersSince);
  return desiredState.applyToMember(key, { role, stamp });
}

function admit(entity: Entity, { role, tenantId }: MemberOrder): void {
  if (!isRole(entity.entityType, role)) throw new AppError('role_unknown', { details: { role } });
  if (tenantId === entity.tenantId || entity.crossTenant) return;
  throw new AppError('cross_tenant_off', {
    message: 'Only people of its own tenant may belong to this entity.',
  });
}

function keyIn(entity: Entity, { tenantId, slug }: Member): MemberKey {
  return { room: entity.id, memberTenantId: tenantId, member: slug };
}

function nameOf({ memberTenantId, member }: MemberKey): string {
  return `${memberTenantId} ${member}`;
}
