import { type Authority, reaches, requireChange } from '../authority/authority.ts';
import type { Database, Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import type { Account } from './account.ts';
import { accountById } from './accounts.store.ts';
import { lockWithPlatformNames } from './platform-identity.ts';

/** Such roles reach beyond a tenant: only whoever reaches all gives, takes or touches them. */
const platformRole = /^platform\./;

/**
 * An account that somebody administers, to look at it.
 *
 * @throws AppError `account_not_found` (404), also for one that is deleted or of another tenant
 */
export async function accountWithin(
  db: Parameters<typeof accountById>[0],
  authority: Authority,
  accountId: string,
): Promise<Account> {
  const account = await accountById(db, accountId);
  if (!account || account.status === 'deleted' || !reaches(authority, account.tenantId)) {
    throw new AppError('account_not_found');
  }
  return account;
}

export type Administration = {
  accountId: string;
  authority: Authority;
  /** Looks at the account as it is under the lock, and throws where it is not what was expected. */
  expect?: (account: Account) => void;
};

/**
 * Does acts on an account, all or none of them, as far as the authority of whoever wants them reaches.
 *
 * @returns the account as it is afterwards; nothing where it was deleted
 * @throws AppError `account_not_found` (404), `administration_read_only`, `account_administrator` (403)
 *   for an administrator of the platform, and what the acts throw
 */
export async function administerAccount(
  database: Database,
  { accountId, authority, expect }: Administration,
  act: (
    tx: Transaction,
    order: { accountId: string; actor: string },
    before: Account,
  ) => Promise<unknown>,
): Promise<Account | undefined> {
  requireChange(authority);
  await accountWithin(database, authority, accountId);
  return database.transaction(async (tx) => {
    const account = await lockWithPlatformNames(tx, accountId);
    if (authority.tenantIds !== 'all' && account.roles.some((role) => platformRole.test(role))) {
      throw new AppError('account_administrator');
    }
    expect?.(account);
    await act(tx, { accountId, actor: authority.actor }, account);
    const after = await accountById(tx, accountId);
    return after?.status === 'deleted' ? undefined : after;
  });
}

/**
 * A role is given and taken by a higher one only: those of the platform and `tenant.admin` by whoever
 * administers all tenants.
 *
 * @throws AppError `role_beyond_authority` (403)
 */
export function requireGivable(
  { tenantIds }: Authority,
  before: readonly string[],
  wanted: readonly string[],
): void {
  if (tenantIds === 'all') return;
  const changed = [...before, ...wanted].filter(
    (role) => before.includes(role) !== wanted.includes(role),
  );
  const beyond = changed.find((role) => role === 'tenant.admin' || platformRole.test(role));
  if (beyond === undefined) return;
  throw new AppError('role_beyond_authority', {
    message: `Only who administers all tenants can give or take the role ${beyond}.`,
  });
}
