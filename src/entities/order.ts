import { type Instant, instantOf, justAfter, later } from './instant.ts';

/**
 * When a platform's statement was said. Statements arrive late, twice and in any order; of two about the same
 * thing the greater stamp counts, whichever came first.
 */
export type Stamp = {
  /** The platform's own count, where it keeps one: says more than any clock. */
  readonly sequence: number | null;
  readonly occurredAt: Instant;
  readonly eventId: string;
};

/** A total order: a sequence above none, then time, then the event's id. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return (
    compare(a.sequence ?? -1, b.sequence ?? -1) ||
    compare(a.occurredAt, b.occurredAt) ||
    compare(a.eventId, b.eventId)
  );
}

/** Whether the statement stamped `a` counts where one stamped `b` is known. */
export function isNewer(a: Stamp, b: Stamp | undefined): boolean {
  return b === undefined || compareStamps(a, b) > 0;
}

/**
 * The stamp of a statement said right now, by a direct call: it counts more than all that is known of its
 * subject, and less than what the platform reports with a higher sequence or a later time.
 *
 * @param since also after this: when the last deletion was
 */
export function stampNow(
  eventId: string,
  known: readonly (Stamp | undefined)[],
  since: Instant | null,
): Stamp {
  let sequence: number | null = null;
  let last = since;
  for (const stamp of known) {
    if (!stamp) continue;
    if (stamp.sequence !== null) sequence = Math.max(sequence ?? 0, stamp.sequence);
    last = later(last, stamp.occurredAt);
  }
  const now = instantOf(new Date().toISOString());
  return { sequence, occurredAt: last !== null && last >= now ? justAfter(last) : now, eventId };
}

/** A statement from the future would beat every later one: it counts as said when it arrived. */
export function notAfter(now: Instant, occurredAt: Instant): Instant {
  return occurredAt > now ? now : occurredAt;
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
