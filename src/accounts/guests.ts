import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { deleteMemberships } from '../entities/move-memberships.store.ts';
import { AppError } from '../errors.ts';
import type { EmailAddress } from './email-address.ts';
import {
  deleteGuest,
  type Guest,
  insertGuest,
  lockGuestByEmail,
  lockPlatformNames,
  namesOfAccounts,
  namesOfGuests,
  type PlatformNames,
  updateGuest,
} from './guests.store.ts';

export type GuestOrder = {
  tenantId: string;
  address: EmailAddress;
  name: string;
  /** Left out: as it is. */
  platformUserId?: string;
  platformSlug?: string;
  /** The client that asks. */
  clientId: string;
};

/**
 * Makes a guest, or finds the one that has the address. Whether an account has it is not looked at,
 * so nothing of it can be told. The name follows whoever made the guest, and nobody else.
 *
 * @throws AppError `guest_conflict` (409) where the guest goes by other names on the platform,
 *   `platform_user_taken` or `platform_slug_taken` (409) where somebody else has them,
 *   `platform_slug_reserved` (400)
 */
export async function keepGuest(tx: Transaction, order: GuestOrder): Promise<Guest> {
  const { tenantId, address, name, clientId } = order;
  await lockPlatformNames(tx, tenantId);
  const known = await lockGuestByEmail(tx, { tenantId, emailKey: address.key });
  const names = namesAfter(order, known);
  await assertNamesAreFree(tx, { tenantId, ...names }, known?.id);
  if (known) {
    const own = known.createdBy === clientId;
    return updateGuest(tx, { id: known.id, name: own ? name : known.name, ...names });
  }
  const guest = await insertGuest(tx, {
    ...{ tenantId, name, email: address.email, emailKey: address.key, createdBy: clientId },
    ...names,
  });
  const by = { actor: clientId, clientId, tenantId };
  await record(tx, { action: 'guest.created', ...by, target: guest.id });
  return guest;
}

/**
 * Forgets a guest, with what `account:<id>` was a member of.
 *
 * @returns the guest as it was
 * @throws AppError `guest_not_found` (404), also for another tenant's
 */
export async function forgetGuest(
  tx: Transaction,
  { id, tenantId, clientId }: { id: string; tenantId: string; clientId: string },
): Promise<Guest> {
  const guest = await deleteGuest(tx, { id, tenantId });
  if (!guest) throw new AppError('guest_not_found');
  await deleteMemberships(tx, { tenantId, member: `account:${id}` });
  const by = { actor: clientId, clientId, tenantId };
  await record(tx, { action: 'guest.deleted', ...by, target: id });
  return guest;
}

/** What the guest is called on the platform from now on: what was said once does not change. */
function namesAfter(order: GuestOrder, known: Guest | undefined): PlatformNames {
  const { platformUserId = known?.platformUserId, platformSlug = known?.platformSlug } = order;
  const names = { platformUserId: platformUserId ?? null, platformSlug: platformSlug ?? null };
  if (!known) return names;
  const may = known.createdBy === order.clientId;
  for (const name of ['platformUserId', 'platformSlug'] as const) {
    if (names[name] === known[name] || (may && known[name] === null)) continue;
    throw new AppError('guest_conflict', {
      message: `The guest of this address has another ${name}.`,
    });
  }
  return names;
}

async function assertNamesAreFree(
  tx: Transaction,
  names: PlatformNames & { tenantId: string },
  except?: string,
): Promise<void> {
  assertSlugIsNoId(names);
  refuseTaken(await namesOfGuests(tx, names, except));
  refuseTaken(await namesOfAccounts(tx, names));
}

/**
 * Before an account is given names of the platform. The turn lasts until the transaction ends.
 *
 * @throws AppError `platform_user_taken` or `platform_slug_taken` (409), `platform_slug_reserved` (400)
 */
export async function assertNamesOfNoGuest(
  tx: Transaction,
  names: PlatformNames & { tenantId: string },
): Promise<void> {
  assertSlugIsNoId(names);
  await lockPlatformNames(tx, names.tenantId);
  refuseTaken(await namesOfGuests(tx, names));
}

/** Members of rooms are called by slug or by `account:<id>`: nobody is to get another's memberships. */
function assertSlugIsNoId({ platformSlug }: PlatformNames): void {
  if (!platformSlug?.startsWith('account:')) return;
  throw new AppError('platform_slug_reserved', {
    message: `A slug that begins with "account:" is taken for the id of an account.`,
  });
}

function refuseTaken(taken: readonly { user: boolean; slug: boolean }[]): void {
  const [first] = taken;
  if (!first) return;
  throw new AppError(first.user ? 'platform_user_taken' : 'platform_slug_taken');
}
