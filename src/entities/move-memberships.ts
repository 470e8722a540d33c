import type { Transaction } from '../database/database.ts';
import {
  bumpWantedVersion,
  deleteSuperseded,
  entitiesOfSlug,
  lockEntitiesOf,
  type Move,
  renameMemberships,
  unassignedSlugs,
} from './move-memberships.store.ts';
import { queueSync } from './queue-sync.ts';

type Person = { tenantId: string; accountId: string };

/**
 * What a platform said of a guest is said of an account from now on, and counts once the account's
 * owner agrees: until then they are in no room by it. A ban counts at once.
 *
 * @returns how many memberships there were
 */
export async function moveFromGuest(
  tx: Transaction,
  { id, platformSlug }: { id: string; platformSlug: string | null },
  { tenantId, accountId }: Person,
): Promise<number> {
  const slugs = await unassignedSlugs(tx, { tenantId, slugs: platformSlug ? [platformSlug] : [] });
  return move(tx, { tenantId, accountId, from: [`account:${id}`, ...slugs] }, { confirm: true });
}

/**
 * What is said of an account by its id is said of another of the same person, where nothing is said
 * of that one: roles never add up. What is said of the slug stays with the slug, which is nobody's
 * now.
 */
export async function moveFromAccount(
  tx: Transaction,
  { id, platformSlug }: { id: string; platformSlug: string | null },
  { tenantId, accountId }: Person,
): Promise<number> {
  const from = [`account:${id}`];
  const left = platformSlug ? await entitiesOfSlug(tx, { tenantId, slug: platformSlug }) : [];
  const moved = await move(tx, { tenantId, accountId, from }, { confirm: false });
  await membershipsChanged(tx, left);
  return moved;
}

async function move(tx: Transaction, order: Move, how: { confirm: boolean }): Promise<number> {
  const rooms = await lockEntitiesOf(tx, order);
  if (rooms.length === 0) return 0;
  await deleteSuperseded(tx, order);
  const moved = await renameMemberships(tx, order, how);
  await membershipsChanged(tx, rooms);
  return moved;
}

/** Has the worker make these rooms as they should be now. */
export async function membershipsChanged(tx: Transaction, rooms: readonly string[]): Promise<void> {
  await queueSync(tx, { ids: await bumpWantedVersion(tx, rooms) });
}
