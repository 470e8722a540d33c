import { randomUUID } from 'node:crypto';
import type { Queryable } from '../database/database.ts';
import { AppError, type ErrorCode } from '../errors.ts';
import { isUuid } from '../text/uuid.ts';
import type { Account } from './account.ts';

export type { Account, AccountStatus } from './account.ts';

/** Of `accounts a`. */
export const accountColumns = `a.id, a.tenant_id as "tenantId", a.status, a.name, a.email,
  a.email_key as "emailKey", a.email_verified as "emailVerified", a.picture, a.locale,
  a.password_hash is not null as "hasPassword", a.matrix_access as "matrixAccess",
  a.matrix_revoked_by_operator as "matrixRevokedByOperator",
  a.platform_user_id as "platformUserId", a.platform_slug as "platformSlug", a.roles,
  a.platform_roles as "platformRoles", a.administrator_ended_at as "administratorEndedAt", a.groups,
  a.last_sign_in_at as "lastSignInAt", a.created_at as "createdAt", a.updated_at as "updatedAt"`;
/** Joins the active handle `h` to `accounts a`. */
export const withHandle = `left join handles h on h.account_id = a.id and h.state = 'active'`;
/** @param id anything: what is no uuid names no account */
export async function accountById(db: Queryable, id: string): Promise<Account | undefined> {
  if (!isUuid(id)) return undefined;
  const [account] = await db.query<Account>(
    `select ${accountColumns}, h.handle from accounts a ${withHandle} where a.id = $1`,
    [id],
  );
  return account;
}

/**
 * The account as it is now, and nobody changes it before this transaction ends. Whoever locks codes
 * or links of an account as well locks the account first, so that nobody waits in a circle.
 *
 * @throws AppError `account_not_found` (404) also when it is deleted
 */
export async function lockAccount(tx: Queryable, id: string): Promise<Account> {
  const [account] = await tx.query<Account>(
    `select ${accountColumns}, h.handle from accounts a ${withHandle}
      where a.id = $1 and a.status <> 'deleted' for no key update of a`,
    [id],
  );
  if (!account) throw new AppError('account_not_found');
  return account;
}

export async function accountByEmail(
  db: Queryable,
  tenantId: string,
  emailKey: string,
): Promise<Account | undefined> {
  const [account] = await db.query<Account>(
    `select ${accountColumns}, h.handle from accounts a ${withHandle}
      where a.tenant_id = $1 and a.email_key = $2`,
    [tenantId, emailKey],
  );
  return account;
}

export type AccountInTenant = Account & { tenantSlug: string; tenantName: string };

/**
 * Everyone who may sign in with this address, in any tenant, the one used last first. To be shown
 * only after a proof of the address.
 */
export function accountsByEmailKey(db: Queryable, emailKey: string): Promise<AccountInTenant[]> {
  return db.query<AccountInTenant>(
    `select ${accountColumns}, h.handle, t.slug as "tenantSlug", t.name as "tenantName"
      from accounts a join tenants t on t.id = a.tenant_id ${withHandle}
      where a.email_key = $1 and a.status = 'active' and t.status = 'active'
      order by a.last_sign_in_at desc nulls last, a.created_at desc`,
    [emailKey],
  );
}

export type SignInCandidate = {
  account: Account;
  passwordHash: string | null;
  tenantStatus: 'active' | 'suspended';
  tenantSlug: string;
  tenantName: string;
};

type CandidateRow = Account & Omit<SignInCandidate, 'account'>;

/**
 * Whose password it may be: the account of the handle, or all that have the address, in whatever
 * tenant. First who may sign in, then who signed in with this browser last, then who was used last. One
 * statement, whether there is such an account or not.
 *
 * @param by.browser a known browser's fingerprint
 */
export async function signInCandidates(
  db: Queryable,
  by: { emailKey?: string; handle?: string; browser?: string },
): Promise<SignInCandidate[]> {
  const rows = await db.query<CandidateRow>(
    `select ${accountColumns}, h.handle, a.password_hash as "passwordHash", t.status as "tenantStatus",
        t.slug as "tenantSlug", t.name as "tenantName"
      from accounts a join tenants t on t.id = a.tenant_id ${withHandle}
        left join known_browsers k on k.account_id = a.id and k.browser = $3
      where a.id = any (array(
          select id from accounts where email_key = $1
          union all
          select account_id from handles where lower(handle) = $2 and state = 'active'))
      order by a.status = 'active' and t.status = 'active' desc, k.last_seen_at desc nulls last,
        a.last_sign_in_at desc nulls last, a.created_at desc`,
    [by.emailKey ?? null, by.handle ?? null, by.browser ?? null],
  );
  return rows.map(({ passwordHash, tenantStatus, tenantSlug, tenantName, ...account }) => ({
    ...{ account, passwordHash, tenantStatus, tenantSlug, tenantName },
  }));
}

export type NewAccount = {
  id?: string;
  tenantId: string;
  name: string;
  email?: string | null;
  emailKey?: string | null;
  emailVerified?: boolean;
  passwordHash?: string | null;
  picture?: string | null;
  locale?: string | null;
  roles?: readonly string[];
  groups?: readonly string[];
};

/**
 * An address that nobody proved is kept without its key: it can neither sign anyone in nor keep
 * its owner from signing up.
 *
 * @throws AppError `email_taken` (409) in that tenant
 */
export async function insertAccount(tx: Queryable, account: NewAccount): Promise<Account> {
  const verified = account.emailVerified ?? false;
  const [inserted] = await tx.query<Account>(
    `insert into accounts as a (id, tenant_id, name, email, email_key, email_verified,
        password_hash, picture, locale, roles, groups)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
      on conflict (tenant_id, email_key) where email_key is not null do nothing
      returning ${accountColumns}, null as handle`,
    [
      account.id ?? randomUUID(),
      account.tenantId,
      account.name,
      account.email ?? null,
      verified ? (account.emailKey ?? null) : null,
      verified,
      account.passwordHash ?? null,
      account.picture ?? null,
      account.locale ?? null,
      account.roles ?? [],
      account.groups ?? [],
    ],
  );
  if (!inserted) throw new AppError('email_taken');
  return inserted;
}

/** Changes what is given, leaves what is undefined. */
export async function updateProfile(
  tx: Queryable,
  id: string,
  profile: { name?: string; picture?: string | null; locale?: string | null },
): Promise<void> {
  await tx.query(
    `update accounts set name = coalesce($2, name),
        picture = case when $3 then $4 else picture end,
        locale = case when $5 then $6 else locale end,
        updated_at = now()
      where id = $1 and status <> 'deleted'`,
    [
      id,
      profile.name ?? null,
      profile.picture !== undefined,
      profile.picture ?? null,
      profile.locale !== undefined,
      profile.locale ?? null,
    ],
  );
}

/** @param hash null for an account that signs in by codes only */
export async function setPasswordHash(
  tx: Queryable,
  id: string,
  hash: string | null,
): Promise<void> {
  await tx.query(
    `update accounts set password_hash = $2, updated_at = now()
      where id = $1 and status <> 'deleted'`,
    [id, hash],
  );
}

/** Replaces a hash by a stronger one of the same password, unless the password changed meanwhile. */
export async function strengthenPasswordHash(
  db: Queryable,
  id: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await db.query('update accounts set password_hash = $3 where id = $1 and password_hash = $2', [
    id,
    from,
    to,
  ]);
}

export async function recordSignIn(tx: Queryable, id: string): Promise<void> {
  await tx.query('update accounts set last_sign_in_at = now() where id = $1', [id]);
}

/**
 * Sets a proved address.
 *
 * @throws AppError `email_taken` (409) in that tenant; the transaction is lost then
 */
export async function setEmail(
  tx: Queryable,
  id: string,
  { email, emailKey }: { email: string; emailKey: string },
): Promise<void> {
  await namingTaken(
    tx.query(
      `update accounts set email = $2, email_key = $3, email_verified = true, updated_at = now()
        where id = $1 and status <> 'deleted'`,
      [id, email, emailKey],
    ),
  );
}

/**
 * @throws AppError `account_not_found` (404); `platform_user_taken` or `platform_slug_taken` (409)
 *   in that tenant: the transaction is lost then
 */
export async function setPlatformIdentity(
  tx: Queryable,
  identity: {
    tenantId: string;
    accountId: string;
    platformUserId: string | null;
    platformSlug: string | null;
  },
): Promise<void> {
  const updated = await namingTaken(
    tx.query(
      `update accounts set platform_user_id = $3, platform_slug = $4, updated_at = now()
        where id = $2 and tenant_id = $1 and status <> 'deleted' returning id`,
      [identity.tenantId, identity.accountId, identity.platformUserId, identity.platformSlug],
    ),
  );
  if (updated.length === 0) throw new AppError('account_not_found');
}

export async function setStatus(
  tx: Queryable,
  id: string,
  status: 'active' | 'disabled',
): Promise<void> {
  await tx.query(
    `update accounts set status = $2, updated_at = now() where id = $1 and status <> 'deleted'`,
    [id, status],
  );
}

/**
 * The row stays, as what handle, audit and Matrix user refer to; what it said of the person goes.
 *
 * @returns false if it was deleted already, so that of two deletions one acts
 */
export async function eraseAccount(tx: Queryable, id: string): Promise<boolean> {
  const erased = await tx.query(
    `update accounts set status = 'deleted', name = '', email = null, email_key = null,
        email_verified = false, picture = null, locale = null, password_hash = null,
        platform_user_id = null, platform_slug = null, roles = '{}', platform_roles = '{}', groups = '{}',
        last_sign_in_at = null, updated_at = now()
      where id = $1 and status <> 'deleted' returning id`,
    [id],
  );
  return erased.length > 0;
}

const takenBy: Record<string, ErrorCode> = {
  accounts_email: 'email_taken',
  accounts_platform_user: 'platform_user_taken',
  accounts_platform_slug: 'platform_slug_taken',
};

async function namingTaken<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (cause) {
    const code = takenBy[(cause as { constraint?: string }).constraint ?? ''];
    throw code ? new AppError(code, { cause }) : cause;
  }
}
