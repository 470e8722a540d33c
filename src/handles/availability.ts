import type { Queryable } from '../database/database.ts';
import { freeAmong } from './handles.store.ts';
import { type HandlePolicy, refusal } from './policy.ts';
import { type HandleReason, normaliseHandle } from './rules.ts';
import { candidates, type Person } from './suggestions.ts';

const suggestionCount = 3;

export type Availability = {
  /** As it would be registered. */
  handle: string;
  available: boolean;
  /** Set when not available. */
  reason?: HandleReason;
  /** Free right now; empty when the handle itself is. */
  suggestions: string[];
};

/**
 * Whether a handle can be had, and if not, what else could: one query, whatever the answer. It
 * promises nothing, since only a hold decides.
 *
 * @param person whose own hold (`heldBy`) counts as free, and whom suggestions should suit
 */
export async function checkHandle(
  db: Queryable,
  typed: string,
  policy: HandlePolicy,
  person: Omit<Person, 'wanted'> & { heldBy?: string } = {},
): Promise<Availability> {
  const handle = normaliseHandle(typed, policy.serverName);
  const refused = refusal(handle, policy);
  const others = candidates({ ...person, wanted: typed }, policy).filter((it) => it !== handle);
  const asked = refused ? others : [handle, ...others];
  const free = await freeAmong(db, asked, person.heldBy);
  if (free[0] === handle) return { handle, available: true, suggestions: [] };
  const suggestions = free.slice(0, suggestionCount);
  return { handle, available: false, reason: refused ?? 'taken', suggestions };
}

/** Handles that suit a person and are free right now. */
export async function suggestHandles(
  db: Queryable,
  policy: HandlePolicy,
  person: Person,
  count = suggestionCount,
): Promise<string[]> {
  return (await freeAmong(db, candidates(person, policy))).slice(0, count);
}
