import { setTimeout as pause } from 'node:timers/promises';
import type { Queryable } from '../database/database.ts';
import type { Change } from './desired-state.ts';
import { type EntityWithRoom, unsettled } from './entities.store.ts';

/**
 * How far Synapse is what it should be:
 * - `waiting`: for something other than the worker, which `code` names
 * - `pending`: the worker will make it so
 * - `retrying`: its last attempt did not succeed, and it will try again; `error` says why
 * - `failed`: the same, and it has given up until something is said or somebody asks for it
 */
export type Progress = {
  state: 'waiting' | 'pending' | 'retrying' | 'failed' | 'done';
  code: 'provisioning_off' | 'entity_unknown' | 'removals_held' | 'sync_failed' | null;
  error: string | null;
  syncedAt: Date | null;
};

/** @param provisioning whether any worker has a token for Synapse */
export function progressOf(room: EntityWithRoom, provisioning: boolean): Progress {
  const { syncedAt } = room;
  const waits = (code: Progress['code']): Progress => ({
    ...{ state: 'waiting', code, error: null, syncedAt },
  });
  if (room.state === 'awaited') return waits('entity_unknown');
  const isSynced = room.syncedVersion >= room.wantedVersion;
  if (!provisioning && !isSynced) return waits('provisioning_off');
  // Also of a room that was in order: the bot may have lost its power there since.
  if (room.failed) {
    const state = room.retrying ? 'retrying' : 'failed';
    return { state, code: 'sync_failed', error: room.error, syncedAt };
  }
  if (!isSynced) return { state: 'pending', code: null, error: null, syncedAt };
  if (room.removalsHeld) return waits('removals_held');
  return { state: 'done', code: null, error: null, syncedAt };
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
    const left = deadline - performance.now();
    if (isGone() || left <= 0) return;
    await pause(Math.min(interval, left));
    interval = Math.min(interval * 1.2, 300);
  }
}
