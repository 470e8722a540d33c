import { record } from '../audit/events.ts';
import type { Cli } from '../cli/run.ts';
import { AppError } from '../errors.ts';
import { requireRoom, type Which } from './find.ts';
import { confirmRemovals, type FoundRoom } from './found-rooms.store.ts';
import { syncRoom } from './queue-sync.ts';

/** Has the worker look at a room now. @throws AppError `room_not_found` (404) */
export async function syncNow({ database }: Cli, which: Which): Promise<FoundRoom> {
  const room = await requireRoom(database, which);
  await database.transaction(async (tx) => {
    await syncRoom(tx, room.id);
    await record(tx, { action: 'room.sync_requested', actor: 'operator', target: room.id });
  });
  return room;
}

/**
 * Lets the worker take out the people whose removal was held, and nobody else.
 *
 * @throws AppError `room_not_found` (404), `nothing_held`, `removals_changed` (409) when the list is
 *   another by now
 */
export async function confirmHeld({ database }: Cli, room: FoundRoom): Promise<void> {
  const { heldDigest } = room;
  if (!heldDigest) {
    throw new AppError('nothing_held', { message: 'Nobody waits to be taken out of this room.' });
  }
  await database.transaction(async (tx) => {
    if (!(await confirmRemovals(tx, room.id, heldDigest))) {
      throw new AppError('removals_changed', {
        message: 'The list has changed meanwhile: look at it again.',
      });
    }
    await syncRoom(tx, room.id);
    await record(tx, {
      action: 'room.removals_confirmed',
      actor: 'operator',
      target: room.id,
      detail: { digest: heldDigest, count: room.removalsHeld },
    });
  });
}
