import type { Kick } from './action.ts';
import type { Desired } from './desired.ts';

/** Fewer than this are nobody's accident. */
const fewest = 5;

/** So many in one tenant within an hour are looked at even when they go one by one. */
const manyOneByOne = 20;

/**
 * Whether a removal could be due to a mistake of the platform. Otherwise whoever may invite could
 * have the removals of a room or tenant held by letting many people in.
 */
export function mayBeMistake({ reason }: Kick): boolean {
  return reason === 'left' || reason === 'stranger';
}

/**
 * - `go`: they are ordinary
 * - `confirmed`: an operator has seen exactly these people
 * - `hold`: they wait for an operator
 */
export type RemovalsVerdict = 'go' | 'confirmed' | 'hold';

/**
 * Whether people may be taken out at once. Many at a time are more likely a mistake of the platform
 * than its will; and a room that was linked has people of its own, who were there first.
 *
 * @param people how many are in the room
 * @param share percent that may go without being confirmed
 */
export function judgeRemovals(
  kicks: readonly Kick[],
  desired: Pick<Desired, 'origin' | 'held' | 'confirmed' | 'tenantPeople' | 'tenantRemoved'>,
  { people, share }: { people: number; share: number },
): RemovalsVerdict {
  if (kicks.length === 0) return 'go';
  const { held, confirmed } = desired;
  const seen = new Set(held?.users);
  // Some may be gone already: the worker that took them out may have died half way.
  if (held && confirmed === held.digest && kicks.every(({ userId }) => seen.has(userId))) {
    return 'confirmed';
  }
  if (desired.origin === 'linked' && confirmed === null) return 'hold';
  const ofTenant = desired.tenantRemoved + kicks.length;
  const isMass = (count: number, of: number) => count * 100 > of * share;
  const massOfTenant = isMass(ofTenant, desired.tenantPeople + desired.tenantRemoved);
  const massOfRoom = isMass(kicks.length, people);
  if (kicks.length >= fewest && (massOfRoom || massOfTenant)) return 'hold';
  return ofTenant >= manyOneByOne && massOfTenant ? 'hold' : 'go';
}

export function isSameSet(users: readonly string[], kicks: readonly Kick[]): boolean {
  const known = new Set(users);
  return known.size === kicks.length && kicks.every(({ userId }) => known.has(userId));
}
