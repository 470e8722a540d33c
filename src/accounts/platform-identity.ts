import type { Transaction } from '../database/database.ts';
import { roomsOfAccount } from '../entities/queue-sync.store.ts';
import { syncRooms } from '../entities/queue-sync.ts';
import type { administrators } from '../entities/roles.ts';
import type { Account } from './account.ts';
import { setPlatformIdentity } from './accounts.store.ts';
import type { PlatformNames } from './guests.store.ts';
import { assertNamesOfNoGuest } from './guests.ts';
import { administersTenant, setPlatformRole } from './roles.store.ts';

const tenantAdmin = 'tenant.admin' satisfies keyof typeof administrators;

/**
 * Says who an account is on its platform: what was said there of the one slug stays with it, what is
 * said of the other counts for the account now. The caller has taken its turn at platform names
 * (`lockPlatformNames`), then locked the account: in this order, as reported roles do.
 *
 * @throws AppError `platform_user_taken`, `platform_slug_taken` (409), `platform_slug_reserved` (400)
 */
export async function changePlatformNames(
  tx: Transaction,
  { id, tenantId, platformSlug }: Pick<Account, 'id' | 'tenantId' | 'platformSlug'>,
  names: PlatformNames,
): Promise<void> {
  const left = await roomsOfAccount(tx, id);
  await assertNamesOfNoGuest(tx, { tenantId, ...names });
  await setPlatformIdentity(tx, { tenantId, accountId: id, ...names });
  const did = await administersTenant(tx, tenantId, platformSlug);
  const held = await administersTenant(tx, tenantId, names.platformSlug);
  const moved =
    (did || held) && (await setPlatformRole(tx, { accountId: id, role: tenantAdmin, held }));
  const ids = [...left, ...(await roomsOfAccount(tx, id))];
  await syncRooms(tx, { ids, tenantIds: moved ? [tenantId] : [] });
}
