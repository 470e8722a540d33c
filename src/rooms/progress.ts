import { setTimeout as pause } from 'node:timers/promises';
import type { Queryable } from '../database/database.ts';
import type { Change } from './ledger.ts';
import { type Room, unsettled } from './rooms.store.ts';

/**
 * How far Synapse is what it should be:
 * - `waiting`: for something other than the worker, which `code` names
 * - `pending`: the worker will make it so
 * - `failed`: its last attempt did not succeed; `error` says why
 */
export type Progress = {
  state: 'waiting' | 'pending' | 'failed' | 'done';
  code: 'provisioning_off' | 'entity_unknown' | 'removals_held' | 'sync_failed' | null;
  error: string | null;
  syncedAt: Date | null;
};

/** @param provisioning whether any worker has a token for Synapse */
export function progressOf(room: Room, provisioning: boolean): Progress {
  const { syncedAt } = room;
  const waits = (code: Progress['code']): Progress => ({
    ...{ state: 'waiting', code, error: null, syncedAt },
  });
  if (room.state === 'awaited') return waits('entity_unknown');
  if (room.removalsHeld) return waits('removals_held');
  if (room.syncedVersion >= room.wantedVersion) {
    return { state: 'done', code: null, error: null, syncedAt };
  }
  if (!provisioning) return waits('provisioning_off');
  if (room.failed) return { state: 'failed', code: 'sync_failed', error: room.error, syncedAt };
  return { state: 'pending', code: null, error: null, syncedAt };
}

/**
 * Until the worker has done these changes, or failed at them, or the time is over.
 *
 * @param isGone whether whoever waits has gone away
 */
export async function untilSettled(
  db: Queryable,
  changes: readonly Change[],
  { seconds, isGone }: { seconds: number; isGone: () => boolean },
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  let interval = 30;
  while ((await unsettled(db, changes)) > 0) {
    if (isGone() || performance.now() + interval > deadline) return;
    await pause(interval);
    interval = Math.min(interval * 1.2, 300);
  }
}
