import type { Transaction } from '../database/database.ts';
import { declineMemberships, keepMemberships } from './confirmations.store.ts';
import { lockEntitiesById } from './move-memberships.store.ts';
import { membershipsChanged } from './move-memberships.ts';

/** What a person says to memberships that wait for it; whatever is not named goes on waiting. */
export type Choices = { keep: readonly string[]; decline: readonly string[] };

/**
 * Makes kept memberships count and ends declined ones.
 *
 * @returns the rooms of each for which there was something to decide
 */
export async function decideMemberships(
  tx: Transaction,
  accountId: string,
  { keep, decline }: Choices,
): Promise<{ kept: string[]; declined: string[] }> {
  await lockEntitiesById(tx, [...keep, ...decline]);
  const kept = await keepMemberships(tx, accountId, keep);
  const declined = await declineMemberships(tx, accountId, decline);
  await membershipsChanged(tx, [...kept, ...declined]);
  return { kept, declined };
}
