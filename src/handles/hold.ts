import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import {
  activateHeld,
  deleteHold,
  deleteHoldOf,
  deleteOtherHolds,
  freeAmong,
  type Hold,
  insertHold,
  lockHandleKeys,
  tombstoneActive,
  tombstoneHeld,
} from './handles.store.ts';
import { brokenRule } from './rules.ts';

/**
 * Holds a handle for a person whose address or upstream identity is proved, while their account is
 * made. A person has one hold: another handle, if it is free, takes its place; the same again
 * changes the account it is for, but not its end.
 *
 * `refusal` of the policy comes before this: only who has the handle is decided here.
 *
 * @throws AppError `handle_invalid` if the handle was not normalised and checked
 */
export async function holdHandle(tx: Transaction, hold: Hold): Promise<'held' | 'taken'> {
  if (brokenRule(hold.handle, '')) throw new AppError('handle_invalid');
  await lockHandleKeys(tx, [hold.handle, `person ${hold.heldBy}`]);
  // Spares the person the earlier hold when the new one cannot be had. The insert still decides.
  const free = await freeAmong(tx, [hold.handle], hold.heldBy);
  if (free.length === 0) return 'taken';
  await deleteOtherHolds(tx, hold);
  return (await insertHold(tx, hold)) ? 'held' : 'taken';
}

/**
 * Makes the held handle the account's, for ever. A hold that ended still counts while nobody else
 * has taken it.
 *
 * @throws AppError `handle_taken` if it is not this account's hold any more
 */
export async function activateHandle(
  tx: Transaction,
  { handle, accountId }: { handle: string; accountId: string },
): Promise<void> {
  if (!(await activateHeld(tx, handle, accountId))) {
    throw new AppError('handle_taken');
  }
}

/** A sign-up that was given up frees its handle at once. Never touches an account's handle. */
export async function releaseHold(tx: Transaction, accountId: string): Promise<void> {
  await deleteHold(tx, accountId);
}

/** The same by who holds it: an invitation may keep a handle until it ends. */
export async function releaseHoldOf(tx: Transaction, heldBy: string): Promise<void> {
  await deleteHoldOf(tx, heldBy);
}

/**
 * The homeserver turned out to have somebody by this name already: the held handle becomes one
 * that existed before us, taken for good. With `handle`, a hold that moved on meanwhile is spared.
 */
export async function concedeHold(
  tx: Transaction,
  accountId: string,
  handle?: string,
): Promise<void> {
  await tombstoneHeld(tx, accountId, handle);
}

/** The account ends; its handle is never anybody's again. Returns that handle, if it had one. */
export async function tombstoneHandle(
  tx: Transaction,
  accountId: string,
): Promise<string | undefined> {
  return tombstoneActive(tx, accountId);
}
