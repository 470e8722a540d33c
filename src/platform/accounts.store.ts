import type { Queryable } from '../database/database.ts';

export type AccountFilter = 'platformUserId' | 'platformSlug' | 'handle';

const queries: Record<AccountFilter, string> = {
  platformUserId: 'select id from accounts where tenant_id = $1 and platform_user_id = $2',
  platformSlug: 'select id from accounts where tenant_id = $1 and platform_slug = $2',
  handle: `select a.id from handles h join accounts a on a.id = h.account_id
    where a.tenant_id = $1 and lower(h.handle) = lower($2) and h.state = 'active'`,
};

/** Each of these names at most one account of a tenant. */
export async function accountIdBy(
  db: Queryable,
  tenantId: string,
  filter: AccountFilter,
  value: string,
): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>(queries[filter], [tenantId, value]);
  return row?.id;
}
