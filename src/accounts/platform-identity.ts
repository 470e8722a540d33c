import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { entitiesOfAccount } from '../entities/memberships.store.ts';
import { queueSync } from '../entities/queue-sync.ts';
import type { administrators } from '../entities/roles.ts';
import { AppError } from '../errors.ts';
import { isVisible } from '../text/unseen.ts';
import type { Account } from './account.ts';
import { accountById, lockAccount, setPlatformIdentity } from './accounts.store.ts';
import { lockPlatformNames, type PlatformNames } from './guests.store.ts';
import { assertNamesOfNoGuest } from './guests.ts';
import { administersTenant, setPlatformRole } from './roles.store.ts';

export type PlatformNamesOrder = {
  accountId: string;
  names: PlatformNames;
  actor: string;
  /** The program that says so, if it is one. */
  clientId?: string;
};

const tenantAdmin = 'tenant.admin' satisfies keyof typeof administrators;

/**
 * Says who an account is on its platform: what was said there of the one slug stays with it, what is
 * said of the other counts for the account now. The caller has locked the account
 * (`lockWithPlatformNames`).
 *
 * @throws AppError `platform_user_taken`, `platform_slug_taken` (409), `platform_slug_reserved` (400)
 */
export async function changePlatformNames(
  tx: Transaction,
  { id, tenantId, platformSlug }: Pick<Account, 'id' | 'tenantId' | 'platformSlug'>,
  names: PlatformNames,
): Promise<void> {
  const left = await entitiesOfAccount(tx, id);
  await assertNamesOfNoGuest(tx, { tenantId, ...names });
  await setPlatformIdentity(tx, { tenantId, accountId: id, ...names });
  const did = await administersTenant(tx, tenantId, platformSlug);
  const held = await administersTenant(tx, tenantId, names.platformSlug);
  const moved =
    (did || held) && (await setPlatformRole(tx, { accountId: id, role: tenantAdmin, held }));
  const ids = [...left, ...(await entitiesOfAccount(tx, id))];
  await queueSync(tx, { ids, tenantIds: moved ? [tenantId] : [] });
}

/**
 * The same as an act by itself: nothing happens where the account goes by these names already.
 *
 * @throws AppError also `platform_name_invalid`, `account_not_found` (404)
 */
export async function setPlatformNames(
  tx: Transaction,
  { accountId, names, actor, clientId }: PlatformNamesOrder,
): Promise<void> {
  assertPlatformNames(names);
  const account = await lockWithPlatformNames(tx, accountId);
  const { platformUserId, platformSlug } = names;
  if (account.platformUserId === platformUserId && account.platformSlug === platformSlug) return;
  await changePlatformNames(tx, account, names);
  await record(tx, {
    action: 'account.platform_identity_set',
    ...{ actor, clientId, tenantId: account.tenantId, target: accountId },
    detail: { platformUserId },
  });
}

/** @throws AppError `platform_name_invalid` for what no platform could call anybody */
export function assertPlatformNames({ platformUserId, platformSlug }: PlatformNames): void {
  for (const name of [platformUserId, platformSlug]) {
    if (name === null || (/^\P{C}{1,255}$/u.test(name) && isVisible(name))) continue;
    throw new AppError('platform_name_invalid', {
      message:
        'The names of a platform have 1 to 255 characters, none of them a control character.',
    });
  }
}

/**
 * The tenant's turn at platform names, then the account: in this order, as reported roles do.
 *
 * @throws AppError `account_not_found` (404)
 */
export async function lockWithPlatformNames(tx: Transaction, accountId: string): Promise<Account> {
  const known = await accountById(tx, accountId);
  if (known) await lockPlatformNames(tx, known.tenantId);
  return lockAccount(tx, accountId);
}
