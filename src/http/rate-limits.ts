import ipaddr from 'ipaddr.js';
import type { Queryable } from '../database/database.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { countAttempts, uncountAttempts } from './rate-limits.store.ts';

/** One budget that an attempt draws on. */
export type Attempt = {
  /** What is limited, e.g. `password/identifier`. */
  name: string;
  /** By whom or for whom, as typed: stored as a fingerprint only. */
  key: string;
  limit: number;
  /** Length of the window. */
  seconds: number;
  /**
   * Counted before the others, which are not even counted where it refuses: or a network that may try
   * no more would still fill the table with names that it makes up.
   */
  first?: true;
};

export type Tally = Attempt & { exceeded: boolean; resetsAt: Date };

export type Allowed = { allowed: true };
export type Refused = {
  allowed: false;
  /** When every budget that refuses has been filled again. */
  retryAt: Date;
  /** The budget that refuses longest. */
  name: string;
};

/**
 * Fixed windows in the database, so that they hold over all instances. Attempts are counted outside
 * of any transaction of the caller: one that is rolled back still counts.
 */
export class RateLimits {
  readonly #db: Queryable;
  readonly #fingerprints: Fingerprints;

  constructor(db: Queryable, fingerprints: Fingerprints) {
    this.#db = db;
    this.#fingerprints = fingerprints;
  }

  /** Counts one attempt on each budget, by one statement. Refused attempts count as well. */
  async take(attempts: readonly Attempt[]): Promise<Allowed | Refused> {
    return verdict(await this.count(attempts));
  }

  /** Like `take`, for callers that judge each budget by themselves. */
  async count(attempts: readonly Attempt[]): Promise<Tally[]> {
    const byKey = new Map(attempts.map((attempt) => [this.#keyOf(attempt), attempt]));
    const keys = [...byKey.keys()];
    const seconds = [...byKey.values()].map((attempt) => attempt.seconds);
    const first = [...byKey.values()].map(({ first, limit }) => (first ? limit : null));
    const rows = await countAttempts(this.#db, { keys, seconds, first });
    return rows.map(({ key, count, resetsAt }) => {
      const attempt = byKey.get(key) as Attempt;
      return { ...attempt, exceeded: count > attempt.limit, resetsAt };
    });
  }

  /** Takes back what honest attempts have used, so that only failures fill a budget. */
  async giveBack(attempts: readonly Attempt[]): Promise<void> {
    await uncountAttempts(
      this.#db,
      attempts.map((attempt) => this.#keyOf(attempt)),
    );
  }

  #keyOf({ name, seconds, key }: Attempt): string {
    return this.#fingerprints.of('rate limit', JSON.stringify([name, seconds, key]));
  }
}

export function verdict(tallies: readonly Tally[]): Allowed | Refused {
  const [longest] = tallies
    .filter((tally) => tally.exceeded)
    .sort((a, b) => b.resetsAt.getTime() - a.resetsAt.getTime());
  return longest
    ? { allowed: false, retryAt: longest.resetsAt, name: longest.name }
    : { allowed: true };
}

/** One key for all addresses that one subscriber has: IPv6 by /64, mapped IPv4 as IPv4. */
export function addressKey(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const network = parsed.toByteArray().slice(0, 8).concat(Array(8).fill(0));
  return `${ipaddr.fromByteArray(network).toString()}/64`;
}
