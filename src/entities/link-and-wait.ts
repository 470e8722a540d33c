import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { type EntityWithRoom, entityByKey } from './entities.store.ts';
import { deleteLink, linkByWord } from './links.store.ts';
import { type LinkOrder, requestLinkByOperator } from './links.ts';

/** A worker that lives takes it up at once. */
const patienceMs = 30_000;

/**
 * Links a room on the word of who operates us, and waits until the worker has.
 *
 * @throws AppError `room_id_invalid`, `room_exists`, `room_linked_elsewhere`, `link_failed` (409) with
 *   what a human must do, `no_worker`
 */
export async function linkAndWait(database: Database, order: LinkOrder): Promise<EntityWithRoom> {
  const { entity, roomId } = order;
  const room = await database.transaction((tx) => requestLinkByOperator(tx, order));
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await pause(100)) {
    if (await linkByWord(database, room)) continue;
    const now = (await entityByKey(database, entity)) as EntityWithRoom;
    if (now.roomId === roomId) return now;
    const message = now.error ?? 'It was withdrawn by somebody else.';
    throw new AppError('link_failed', { message });
  }
  await deleteLink(database, room);
  throw new AppError('no_worker', {
    message: 'No worker has taken it up: is one running, with MATRIX_ACCESS_TOKEN? See: doctor',
  });
}
