import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { moveFromGuest } from '../entities/move-memberships.ts';
import { deleteGuestOf } from './guests.store.ts';

/**
 * In the transaction in which a code of ours proved an account's own address: the guest of that
 * address in that tenant becomes the account. Whoever made the guest may have meant harm, so neither
 * name nor names on the platform nor tickets come with it, and memberships wait for a yes.
 */
export async function claimGuest(
  tx: Transaction,
  { accountId, emailKey }: { accountId: string; emailKey: string },
): Promise<void> {
  const guest = await deleteGuestOf(tx, { accountId, emailKey });
  if (!guest) return;
  const { tenantId } = guest;
  const memberships = await moveFromGuest(tx, guest, { tenantId, accountId });
  await record(tx, {
    action: 'guest.joined',
    actor: accountId,
    target: accountId,
    tenantId,
    detail: { guest: guest.id, memberships },
  });
}
