import { setTimeout as pause } from 'node:timers/promises';
import type { Queryable } from '../database/database.ts';
import { enqueue } from '../jobs/enqueue.ts';
import type { Task } from '../jobs/task.ts';
import { findMatrixProfile } from './accounts.store.ts';
import { type Look, lastLook, noteDevices } from './devices.store.ts';
import type { MatrixTaskOptions } from './provision.ts';

/** How long somebody who signs in waits for the worker to look, in ms. */
const patience = 3000;
/** How soon after a sign-in its device is looked for, in ms: a client takes a moment to make it. */
const soon = 5000;

/** Looks which devices the account has on the homeserver, and whether one is gone. */
export function devicesTask({
  database,
  synapse,
  serverName,
}: MatrixTaskOptions): Task<'look-at-matrix-devices' | 'look-at-new-matrix-device'> {
  return async ({ accountId }) => {
    const user = await findMatrixProfile(database, accountId);
    if (!user) return;
    for (;;) {
      const before = await lastLook(database, accountId);
      if (!before) return;
      const devices = await synapse.deviceIds(`@${user.handle}:${serverName}`);
      if (await noteDevices(database, accountId, devices, before.looks)) return;
    }
  };
}

/** Has the worker see the device of a sign-in, so that its removal is noticed. */
export function lookSoon(db: Queryable, accountId: string): Promise<void> {
  const runAt = new Date(Date.now() + soon);
  return enqueue(db, 'look-at-new-matrix-device', { accountId }, { runAt });
}

/**
 * Whether one of the account's Matrix devices was removed, by whomever and wherever: Synapse tells
 * nobody of it, so the worker looks now.
 *
 * @param at in seconds since the epoch: when the person last proved who they are, and when this
 *   browser last signed in to Matrix, if it did. A device that never showed after that is gone too
 * @returns undefined when the worker did not look in time
 */
export async function deviceWasRemoved(
  db: Queryable,
  accountId: string,
  at: { proof: number; signIn?: number },
): Promise<boolean | undefined> {
  const before = await lastLook(db, accountId);
  if (!before) return false;
  if (isSince(at.proof, before)) return true;
  await enqueue(db, 'look-at-matrix-devices', { accountId });
  const look = await lookAfter(db, accountId, before);
  if (!look) return undefined;
  const isMissing = at.signIn !== undefined && (look.newestAt ?? 0) < at.signIn;
  return isMissing || isSince(at.proof, look);
}

/** A proof knows only its second, and one that was asked for because of a removal comes after it. */
function isSince(proof: number, { removedAt }: Look): boolean {
  return Math.floor(removedAt ?? 0) > proof;
}

async function lookAfter(db: Queryable, accountId: string, before: Look) {
  const deadline = performance.now() + patience;
  while (performance.now() < deadline) {
    const look = await lastLook(db, accountId);
    if (look && look.looks > before.looks) return look;
    await pause(50);
  }
  return undefined;
}
