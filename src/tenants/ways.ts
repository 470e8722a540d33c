import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { ownWays } from './tenants.store.ts';

/** Ways that every tenant may offer; whether they are set up is the environment's to say. */
const shared = ['google', 'bluesky'];

/**
 * A misspelled way would silently not be offered. What the tenant has already may stay, also when its
 * connection is gone.
 *
 * @throws AppError `way_unknown`
 */
export async function checkWays(
  db: Queryable,
  ways: readonly string[],
  tenant: { id: string; ways: readonly string[] | null },
): Promise<void> {
  const known = [...shared, ...(await ownWays(db, tenant.id))];
  const unknown = ways.find((way) => !known.includes(way) && !tenant.ways?.includes(way));
  if (unknown === undefined) return;
  throw new AppError('way_unknown', {
    message: `The tenant has no way "${unknown}" to sign in, only ${known.join(', ')}. Its own providers are added by: openmeet-id connections add`,
  });
}
