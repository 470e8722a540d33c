import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { confirmRemovals, type FoundRoom } from './found-rooms.store.ts';
import { syncRoom } from './matrix-backend.ts';

/**
 * Lets the worker take out the people whose removal was held, and nobody else.
 *
 * @param room as it was shown to whoever confirms it
 * @throws AppError `nothing_held`, `removals_changed` (409) when the list is another by now
 */
export async function confirmHeldRemovals(
  tx: Transaction,
  { room, actor }: { room: FoundRoom; actor: string },
): Promise<void> {
  const { heldDigest } = room;
  if (!heldDigest) {
    throw new AppError('nothing_held', { message: 'Nobody waits to be taken out of this room.' });
  }
  if (!(await confirmRemovals(tx, room.id, heldDigest))) {
    throw new AppError('removals_changed', {
      message: 'The list has changed meanwhile: look at it again.',
    });
  }
  await syncRoom(tx, room.id);
  await record(tx, {
    action: 'room.removals_confirmed',
    actor,
    target: room.id,
    detail: { digest: heldDigest, count: room.removalsHeld },
  });
}
