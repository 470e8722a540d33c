import { setTimeout as pause } from 'node:timers/promises';
import type { Cli } from '../cli/run.ts';
import { AppError } from '../errors.ts';
import { requireTenant } from '../tenants/find.ts';
import { defaultTenant } from '../tenants/tenants.store.ts';
import type { Which } from './find.ts';
import { deleteLink, linkByRoom } from './links.store.ts';
import { requestLinkByOperator, unlink } from './links.ts';
import type { EntityType } from './room.ts';
import { type Entity, type Room, roomByEntity } from './rooms.store.ts';

/** A worker that lives takes it up at once. */
const patienceMs = 30_000;

export type LinkedRoom = Pick<Room, 'id' | 'roomId' | 'entityType' | 'entitySlug' | 'state'>;

/**
 * Links a room on the operator's word, and waits until the worker has.
 *
 * @throws AppError `room_id_invalid`, `tenant_not_found` (404), `room_exists`,
 *   `room_linked_elsewhere`, `link_failed` (409) with what a human must do, `no_worker`
 */
export async function link(
  { database }: Cli,
  { roomId, ...which }: Which & { roomId: string },
): Promise<LinkedRoom> {
  if (!/^![^\s\p{C}]{1,254}$/u.test(roomId)) {
    throw new AppError('room_id_invalid', {
      message: 'Give the id of a room, such as !opaque:matrix.example. An alias will not do.',
    });
  }
  const entity = await entityOf(database, which);
  const room = await database.transaction((tx) => requestLinkByOperator(tx, { entity, roomId }));
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await pause(100)) {
    if (await linkByRoom(database, room)) continue;
    const now = (await roomByEntity(database, entity)) as Room;
    if (now.roomId === roomId) return shown(now);
    const message = now.error ?? 'It was withdrawn by somebody else.';
    throw new AppError('link_failed', { message });
  }
  await deleteLink(database, room);
  throw new AppError('no_worker', {
    message: 'No worker has taken it up: is one running, with MATRIX_ACCESS_TOKEN? See: doctor',
  });
}

/** @throws AppError `tenant_not_found` (404), `room_not_linked` (409) */
export async function unlinkRoom({ database }: Cli, which: Which): Promise<string> {
  const entity = await entityOf(database, which);
  return database.transaction((tx) => unlink(tx, { entity, requestedBy: 'operator' }));
}

async function entityOf(database: Cli['database'], { type, slug, tenant }: Which): Promise<Entity> {
  const found = tenant ? await requireTenant(database, tenant) : await defaultTenant(database);
  if (!found) throw new AppError('tenant_not_found');
  return { tenantId: found.id, entityType: type as EntityType, entitySlug: slug };
}

function shown({ id, roomId, entityType, entitySlug, state }: Room): LinkedRoom {
  return { id, roomId, entityType, entitySlug, state };
}
