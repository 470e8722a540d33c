import { randomUUID } from 'node:crypto';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { type Change, DesiredState, type DesiredStateSettings } from './desired-state.ts';
import type { Entity, EntityKey, EntityWithRoom } from './entities.store.ts';
import { asCreator } from './event-statements.ts';
import { later } from './instant.ts';
import { newestStatementAt } from './memberships.store.ts';
import { stampNow } from './order.ts';
import { banned } from './roles.ts';
import type { EntityFields, EntityStatement } from './statements.ts';

/** What a platform asks for right now: the newest statement on what it names, and none on all else. */
export type EntityOrder = Partial<Omit<EntityFields, 'creatorSlug' | 'purge'>>;

type Parts = DesiredStateSettings & { tx: Queryable };

/** Names the statement of a direct call, where a reported one has the event's id. */
export function callId(): string {
  return `call:${randomUUID()}`;
}

/**
 * An entity begins, or is said again to be: then only what is given and differs is changed, and
 * nobody is put back into it.
 *
 * @throws AppError `encryption_is_permanent` (409)
 */
export async function openEntity(
  { tx, ...settings }: Parts,
  which: EntityKey,
  { creatorSlug, ...order }: EntityOrder & { creatorSlug: string },
): Promise<Change & { began: boolean }> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [which],
    awaiting: true,
  });
  const entity = desiredState.entity(which) as EntityWithRoom;
  const began = entity.state === 'awaited' || entity.state === 'deleted';
  if (!began) refuseDecryption(entity, order);
  const fields = { ...differing(entity, order), ...(entity.creatorSlug ? {} : { creatorSlug }) };
  if (began) {
    desiredState.apply(which, {
      ...{ stamp: stampOf(entity), state: 'active' },
      // Also what is so already is said now: an operator's default is not to stand above it.
      fields: { ...order, creatorSlug, purge: false },
    });
    await admitCreator(desiredState, which, creatorSlug);
  } else if (Object.keys(fields).length > 0) {
    desiredState.apply(which, { stamp: stampOf(entity), fields });
    await dismissOthers(desiredState, entity);
  }
  return { ...(await settled(desiredState, entity)), began };
}

/** @throws AppError `room_not_found` (404), `room_deleted`, `encryption_is_permanent` (409) */
export async function changeEntity(
  { tx, ...settings }: Parts,
  which: EntityKey,
  { state, ...order }: EntityOrder & { state?: 'active' | 'cancelled' },
): Promise<Change> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [which],
    awaiting: false,
  });
  const entity = presentEntity(desiredState, which);
  refuseDecryption(entity, order);
  const statement: EntityStatement = { stamp: stampOf(entity), fields: differing(entity, order) };
  if (state !== entity.state) statement.state = state;
  desiredState.apply(which, statement);
  await dismissOthers(desiredState, entity);
  return settled(desiredState, entity);
}

/** @throws AppError `room_not_found` (404) */
export async function endEntity(
  { tx, ...settings }: Parts,
  which: EntityKey,
  { purge }: { purge: boolean },
): Promise<Change> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [which],
    awaiting: false,
  });
  const entity = knownEntity(desiredState, which);
  if (entity.state !== 'deleted' || (purge && !entity.purge)) {
    // After the last statement about anybody as well, because it ends what was said before it.
    const last = later(entity.membersSince, await newestStatementAt(tx, entity.id));
    const stamp = stampNow(callId(), Object.values(entity.stamps), last);
    desiredState.apply(which, { stamp, fields: purge ? { purge } : {}, state: 'deleted' });
  }
  return settled(desiredState, entity);
}

/** Has the worker try again what it gave up. @throws AppError `room_not_found` (404) */
export async function retryEntity({ tx, ...settings }: Parts, which: EntityKey): Promise<Change> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [which],
    awaiting: false,
  });
  const entity = knownEntity(desiredState, which);
  desiredState.touch(which);
  return settled(desiredState, entity);
}

/** @throws AppError `room_not_found` (404) */
export function knownEntity(desiredState: DesiredState, which: EntityKey): EntityWithRoom {
  const entity = desiredState.entity(which);
  if (!entity) throw new AppError('room_not_found');
  return entity;
}

/** @throws AppError `room_not_found` (404), `room_deleted` (409) */
export function presentEntity(desiredState: DesiredState, which: EntityKey): EntityWithRoom {
  const entity = knownEntity(desiredState, which);
  if (entity.state === 'deleted') throw new AppError('room_deleted');
  return entity;
}

/** Saves, and says which version to wait for also where nothing had to change. */
export async function settled(
  desiredState: DesiredState,
  { id, wantedVersion }: Entity,
): Promise<Change> {
  const [change] = await desiredState.save();
  return change ?? { id, version: wantedVersion };
}

/** Above all that was said before, unless they left or are banned: those are statements about them. */
async function admitCreator(
  desiredState: DesiredState,
  which: EntityKey,
  creatorSlug: string,
): Promise<void> {
  const entity = desiredState.entity(which) as EntityWithRoom;
  const key = { room: entity.id, memberTenantId: which.tenantId, member: creatorSlug };
  await desiredState.readMembers([key]);
  const known = desiredState.member(key);
  const counts = known && (!entity.membersSince || known.stamp.occurredAt > entity.membersSince);
  if (counts && (known.role === null || known.role === banned)) return;
  const stamp = stampNow(callId(), [known?.stamp], entity.membersSince);
  desiredState.applyToMember(key, asCreator(which.entityType, creatorSlug, stamp).statement);
}

/** People of other tenants leave when the entity is no longer open to them. */
async function dismissOthers(desiredState: DesiredState, entity: Entity): Promise<void> {
  if (!entity.crossTenant || desiredState.entity(entity)?.crossTenant) return;
  for (const known of await desiredState.readAllMembers(entity)) {
    if (known.memberTenantId === entity.tenantId || known.role === null) continue;
    const stamp = stampNow(callId(), [known.stamp], entity.membersSince);
    desiredState.applyToMember(known, { role: null, stamp });
  }
}

function stampOf(entity: Entity) {
  return stampNow(callId(), Object.values(entity.stamps), entity.membersSince);
}

function differing(entity: Entity, order: EntityOrder): EntityOrder {
  return Object.fromEntries(
    Object.entries(order).filter(
      ([field, value]) => value !== undefined && value !== entity[field as keyof EntityOrder],
    ),
  );
}

function refuseDecryption({ encrypted, roomId }: EntityWithRoom, order: EntityOrder): void {
  if (order.encrypted !== false || !encrypted || roomId === null) return;
  throw new AppError('encryption_is_permanent', {
    message: 'Matrix cannot turn encryption off again.',
  });
}
