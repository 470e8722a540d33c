import type { Queryable } from '../database/database.ts';
import { type Account, accountColumns, withHandle } from './accounts.store.ts';

export type SignInCandidate = {
  account: Account;
  passwordHash: string | null;
  tenantStatus: 'active' | 'suspended';
  tenantSlug: string;
  tenantName: string;
};

type CandidateRow = Account & Omit<SignInCandidate, 'account'>;

/**
 * The one account whose password is to be checked: that of the handle or of the address. Where the
 * tenant is open, an address means the account that may sign in and was used last. One statement,
 * whether there is such an account or not.
 */
export async function signInCandidate(
  db: Queryable,
  by: { tenantId?: string | null; emailKey?: string; handle?: string },
): Promise<SignInCandidate | undefined> {
  const [row] = await db.query<CandidateRow>(
    `select ${accountColumns}, h.handle, a.password_hash as "passwordHash", t.status as "tenantStatus",
        t.slug as "tenantSlug", t.name as "tenantName"
      from accounts a join tenants t on t.id = a.tenant_id ${withHandle}
      where a.id in (
          select id from accounts where email_key = $2
          union all
          select account_id from handles where lower(handle) = $3 and state = 'active')
        and a.tenant_id = coalesce($1, a.tenant_id)
      order by a.status = 'active' and t.status = 'active' desc,
        a.last_sign_in_at desc nulls last, a.created_at desc
      limit 1`,
    [by.tenantId ?? null, by.emailKey ?? null, by.handle ?? null],
  );
  if (!row) return undefined;
  const { passwordHash, tenantStatus, tenantSlug, tenantName, ...account } = row;
  return { account, passwordHash, tenantStatus, tenantSlug, tenantName };
}
