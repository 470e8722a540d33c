import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { queueSync } from '../entities/queue-sync.ts';
import type { administrators } from '../entities/roles.ts';
import { AppError } from '../errors.ts';
import { isDisplayName } from '../text/display-name.ts';
import { trimUnseen } from '../text/unseen.ts';
import { lockAccount } from './accounts.store.ts';
import { lockWithPlatformNames } from './platform-identity.ts';
import * as store from './roles.store.ts';

/**
 * These and no other roles, none of them the platform's any more. What an administrator may do changes
 * in all rooms concerned.
 *
 * @throws AppError `role_invalid`, `account_not_found` (404)
 */
export async function setRoles(
  tx: Transaction,
  { accountId, roles, actor }: { accountId: string; roles: readonly string[]; actor: string },
): Promise<void> {
  const odd = roles.find((role) => !/^[a-z][a-z0-9._-]{0,63}$/.test(role));
  if (odd !== undefined) {
    throw new AppError('role_invalid', { message: `"${odd}" cannot be a role.` });
  }
  const wanted = [...new Set(roles)];
  const { tenantId, roles: before } = await lockWithPlatformNames(tx, accountId);
  await store.setRoles(tx, accountId, wanted);
  const moved = (role: keyof typeof administrators) =>
    before.includes(role) !== wanted.includes(role);
  await queueSync(tx, {
    tenantIds: moved('tenant.admin') ? [tenantId] : [],
    everywhere: moved('platform.admin'),
  });
  await record(tx, { action: 'account.roles_set', actor, tenantId, target: accountId });
}

/**
 * These and no other groups. Applications read them from the claim `groups`, at the next sign-in.
 *
 * @throws AppError `group_invalid`, `account_not_found` (404)
 */
export async function setGroups(
  tx: Transaction,
  { accountId, groups, actor }: { accountId: string; groups: readonly string[]; actor: string },
): Promise<void> {
  const wanted = [...new Set(groups.map(trimUnseen))];
  if (!wanted.every((it) => isDisplayName(it, 100)) || wanted.length > 100) {
    throw new AppError('group_invalid', {
      message: 'At most 100 groups, each of 1 to 100 characters, all of which can be seen.',
    });
  }
  const { tenantId } = await lockAccount(tx, accountId);
  await store.setGroups(tx, accountId, wanted);
  await record(tx, { action: 'account.groups_set', actor, tenantId, target: accountId });
}
