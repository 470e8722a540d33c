import { randomUUID } from 'node:crypto';
import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { DesiredState, type DesiredStateSettings } from './desired-state.ts';
import {
  awaitEntities,
  type EntityKey,
  type EntityWithRoom,
  lockEntities,
} from './entities.store.ts';
import { linkCodeFingerprint, newLinkCode } from './link-code.ts';
import {
  assignRoom,
  deleteLink,
  isTaken,
  lockMatrixRoom,
  type PendingLink,
  putLink,
  releaseRoom,
  spaceOf,
} from './links.store.ts';
import { syncRoom } from './matrix-backend.ts';
import { stampNow } from './order.ts';

export type LinkOrder = {
  entity: EntityKey;
  /** Matrix's id of a room that exists. */
  roomId: string;
  /** A client's id, or who operates us, as the audit names them. */
  requestedBy: string;
};

export type LinkRequest = {
  /** Of our record of the entity. */
  room: string;
  /** Shown now and never again. */
  code: string;
  expiresAt: Date;
};

/**
 * Begins to link a room that exists to an entity that has none. Nothing happens to either until an
 * administrator of the room says the code there; after a day the bot leaves again.
 *
 * @throws AppError `room_exists` (409) when the entity has a room or is about to get one,
 *   `room_linked_elsewhere` (409) when the room belongs to any entity, of this tenant or another
 */
export async function requestLink(tx: Transaction, order: LinkOrder): Promise<LinkRequest> {
  const room = await placeFor(tx, order);
  const code = newLinkCode();
  const expiresAt = await putLink(tx, {
    ...{ room, roomId: order.roomId, requestedBy: order.requestedBy },
    code: linkCodeFingerprint(code),
  });
  await leaveUnlessLinked(tx, order.roomId, expiresAt);
  const { roomId, requestedBy } = order;
  await record(tx, {
    action: 'room.link_requested',
    actor: requestedBy,
    clientId: requestedBy,
    ...about({ ...order.entity, room, roomId }),
  });
  return { room, code, expiresAt };
}

/**
 * The same on an operator's word alone, for rooms in which the bot cannot read. The worker links the
 * room as soon as the bot is in it with enough power, or says in the room's error why it cannot.
 *
 * @throws AppError `room_id_invalid`, and as `requestLink`
 */
export async function requestLinkByOperator(tx: Transaction, order: LinkOrder): Promise<string> {
  const { roomId, requestedBy } = order;
  if (!/^![^\s\p{C}]{1,254}$/u.test(roomId)) {
    throw new AppError('room_id_invalid', {
      message: 'Give the id of a room, such as !opaque:matrix.example. An alias will not do.',
    });
  }
  const room = await placeFor(tx, order);
  // No text has this for its fingerprint.
  await putLink(tx, { room, roomId, requestedBy, code: '' });
  await enqueue(tx, 'link-room', { room });
  return room;
}

async function placeFor(tx: Transaction, { entity, roomId }: LinkOrder): Promise<string> {
  await lockMatrixRoom(tx, roomId);
  await awaitEntities(tx, [entity]);
  const room = await lockedRoom(tx, entity);
  const refusal = await refusalOf(tx, room, roomId);
  if (refusal) throw new AppError(refusal, { message: reasons[refusal] });
  return room.id;
}

export type LinkRefusal = 'room_exists' | 'room_linked_elsewhere';

const reasons: Record<LinkRefusal, string> = {
  room_exists: 'The entity has a room, or is about to get one.',
  room_linked_elsewhere: 'That room belongs to another entity.',
};

async function refusalOf(
  tx: Transaction,
  room: EntityWithRoom | undefined,
  roomId: string,
): Promise<LinkRefusal | undefined> {
  const hasRoom = room?.roomId || room?.state === 'active' || room?.state === 'cancelled';
  if (hasRoom) return 'room_exists';
  return (await isTaken(tx, roomId)) ? 'room_linked_elsewhere' : undefined;
}

/**
 * Links, once somebody with the power to has confirmed it. What is desired of the entity is then what
 * its room becomes; people who are there stay.
 *
 * @param confirmedBy an account's id, `system` for a person that we do not know, or whoever requested
 *   it by their word alone
 * @returns why not, when something else came first
 */
export async function completeLink(
  tx: Transaction,
  link: PendingLink & { confirmedBy: string },
  settings: DesiredStateSettings,
): Promise<LinkRefusal | undefined> {
  const { tenantId, entityType, entitySlug, roomId } = link;
  const entity = { tenantId, entityType, entitySlug };
  await lockMatrixRoom(tx, roomId);
  const room = await lockedRoom(tx, entity);
  await deleteLink(tx, room.id);
  const refusal = await refusalOf(tx, room, roomId);
  if (refusal) {
    await leaveUnlessLinked(tx, roomId);
    return refusal;
  }
  await assignRoom(tx, room.id, roomId);
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: [entity],
    awaiting: false,
  });
  const stamp = stampNow(`link:${randomUUID()}`, Object.values(room.stamps), room.membersSince);
  desiredState.apply(entity, { stamp, fields: {}, state: 'active' });
  desiredState.touch(entity);
  await desiredState.save();
  await record(tx, {
    action: 'room.linked',
    actor: link.confirmedBy,
    clientId: link.confirmedBy === link.requestedBy ? null : link.requestedBy,
    ...about(link),
  });
  return undefined;
}

/**
 * Lets go of a room that was linked or imported, or of a link that waits. People stay, the bot takes
 * its mark off the room and leaves. The entity has no room then until the platform tells of it anew.
 *
 * @returns Matrix's id of the room
 * @throws AppError `room_not_linked` (409): also for rooms that we made, which can only be deleted
 */
export async function unlink(
  tx: Transaction,
  { entity, ...who }: { entity: EntityKey; actor: string; clientId?: string },
): Promise<string> {
  const [room] = await lockEntities(tx, [entity]);
  const withdrawn = room && (await deleteLink(tx, room.id));
  if (withdrawn) await leaveUnlessLinked(tx, withdrawn);
  const linked = room?.origin === 'made' ? null : room?.roomId;
  const roomId = linked ?? withdrawn;
  if (!room || !roomId) {
    const message = 'No room was linked to this entity.';
    throw new AppError('room_not_linked', { message });
  }
  if (linked) await letGo(tx, room, linked);
  const what = about({ ...entity, roomId, room: room.id });
  await record(tx, { action: 'room.unlinked', ...who, ...what });
  return roomId;
}

async function letGo(tx: Transaction, { id, tenantId, alias }: EntityWithRoom, roomId: string) {
  await releaseRoom(tx, id);
  await enqueue(tx, 'let-go-of-room', { room: id, roomId, alias });
  const space = await spaceOf(tx, tenantId);
  if (space) await syncRoom(tx, space);
}

/** Has the bot leave a room, unless that is linked by then. */
export function leaveUnlessLinked(tx: Transaction, roomId: string, runAt?: Date): Promise<void> {
  return enqueue(tx, 'leave-unlinked-room', { roomId }, { runAt });
}

async function lockedRoom(tx: Transaction, entity: EntityKey): Promise<EntityWithRoom> {
  const [room] = await lockEntities(tx, [entity]);
  return room as EntityWithRoom;
}

function about({ tenantId, room, roomId }: { tenantId: string; room: string; roomId: string }) {
  return { tenantId, target: room, detail: { roomId } };
}
