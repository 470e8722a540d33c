import { randomUUID } from 'node:crypto';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { type Change, DesiredState, type DesiredStateSettings } from './desired-state.ts';
import type { Entity, Room } from './entities.store.ts';
import { asCreator } from './event-statements.ts';
import { later } from './instant.ts';
import { newestStatementAt } from './memberships.store.ts';
import { stampNow } from './order.ts';
import { banned } from './roles.ts';
import type { RoomFields, RoomStatement } from './statements.ts';

/** What a platform asks for right now: the newest statement on what it names, and none on all else. */
export type EntityOrder = Partial<Omit<RoomFields, 'creatorSlug' | 'purge'>>;

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
  entity: Entity,
  { creatorSlug, ...order }: EntityOrder & { creatorSlug: string },
): Promise<Change & { began: boolean }> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [entity],
    awaiting: true,
  });
  const room = desiredState.room(entity) as Room;
  const began = room.state === 'awaited' || room.state === 'deleted';
  if (!began) refuseDecryption(room, order);
  const fields = { ...differing(room, order), ...(room.creatorSlug ? {} : { creatorSlug }) };
  if (began) {
    desiredState.apply(entity, {
      ...{ stamp: stampOf(room), state: 'active' },
      // Also what is so already is said now: an operator's default is not to stand above it.
      fields: { ...order, creatorSlug, purge: false },
    });
    await admitCreator(desiredState, entity, creatorSlug);
  } else if (Object.keys(fields).length > 0) {
    desiredState.apply(entity, { stamp: stampOf(room), fields });
    await dismissOthers(desiredState, room);
  }
  return { ...(await settled(desiredState, room)), began };
}

/** @throws AppError `room_not_found` (404), `room_deleted`, `encryption_is_permanent` (409) */
export async function changeEntity(
  { tx, ...settings }: Parts,
  entity: Entity,
  { state, ...order }: EntityOrder & { state?: 'active' | 'cancelled' },
): Promise<Change> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [entity],
    awaiting: false,
  });
  const room = presentRoom(desiredState, entity);
  refuseDecryption(room, order);
  const statement: RoomStatement = { stamp: stampOf(room), fields: differing(room, order) };
  if (state !== room.state) statement.state = state;
  desiredState.apply(entity, statement);
  await dismissOthers(desiredState, room);
  return settled(desiredState, room);
}

/** @throws AppError `room_not_found` (404) */
export async function endEntity(
  { tx, ...settings }: Parts,
  entity: Entity,
  { purge }: { purge: boolean },
): Promise<Change> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [entity],
    awaiting: false,
  });
  const room = knownRoom(desiredState, entity);
  if (room.state !== 'deleted' || (purge && !room.purge)) {
    // After the last statement about anybody as well, because it ends what was said before it.
    const last = later(room.membersSince, await newestStatementAt(tx, room.id));
    const stamp = stampNow(callId(), Object.values(room.stamps), last);
    desiredState.apply(entity, { stamp, fields: purge ? { purge } : {}, state: 'deleted' });
  }
  return settled(desiredState, room);
}

/** Has the worker try again what it gave up. @throws AppError `room_not_found` (404) */
export async function retryEntity({ tx, ...settings }: Parts, entity: Entity): Promise<Change> {
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [entity],
    awaiting: false,
  });
  const room = knownRoom(desiredState, entity);
  desiredState.touch(entity);
  return settled(desiredState, room);
}

/** @throws AppError `room_not_found` (404) */
export function knownRoom(desiredState: DesiredState, entity: Entity): Room {
  const room = desiredState.room(entity);
  if (!room) throw new AppError('room_not_found');
  return room;
}

/** @throws AppError `room_not_found` (404), `room_deleted` (409) */
export function presentRoom(desiredState: DesiredState, entity: Entity): Room {
  const room = knownRoom(desiredState, entity);
  if (room.state === 'deleted') throw new AppError('room_deleted');
  return room;
}

/** Saves, and says which version to wait for also where nothing had to change. */
export async function settled(
  desiredState: DesiredState,
  { id, wantedVersion }: Room,
): Promise<Change> {
  const [change] = await desiredState.save();
  return change ?? { id, version: wantedVersion };
}

/** Above all that was said before, unless they left or are banned: those are statements about them. */
async function admitCreator(
  desiredState: DesiredState,
  entity: Entity,
  creatorSlug: string,
): Promise<void> {
  const room = desiredState.room(entity) as Room;
  const key = { room: room.id, memberTenantId: entity.tenantId, member: creatorSlug };
  await desiredState.readMembers([key]);
  const known = desiredState.member(key);
  const counts = known && (!room.membersSince || known.stamp.occurredAt > room.membersSince);
  if (counts && (known.role === null || known.role === banned)) return;
  const stamp = stampNow(callId(), [known?.stamp], room.membersSince);
  desiredState.applyToMember(key, asCreator(entity.entityType, creatorSlug, stamp).statement);
}

/** People of other tenants leave when the entity is no longer open to them. */
async function dismissOthers(desiredState: DesiredState, room: Room): Promise<void> {
  if (!room.crossTenant || desiredState.room(room)?.crossTenant) return;
  for (const known of await desiredState.readAllMembers(room)) {
    if (known.memberTenantId === room.tenantId || known.role === null) continue;
    const stamp = stampNow(callId(), [known.stamp], room.membersSince);
    desiredState.applyToMember(known, { role: null, stamp });
  }
}

function stampOf(room: Room) {
  return stampNow(callId(), Object.values(room.stamps), room.membersSince);
}

function differing(room: Room, order: EntityOrder): EntityOrder {
  return Object.fromEntries(
    Object.entries(order).filter(
      ([field, value]) => value !== undefined && value !== room[field as keyof EntityOrder],
    ),
  );
}

function refuseDecryption({ encrypted, roomId }: Room, order: EntityOrder): void {
  if (order.encrypted !== false || !encrypted || roomId === null) return;
  throw new AppError('encryption_is_permanent', {
    message: 'Matrix cannot turn encryption off again.',
  });
}
