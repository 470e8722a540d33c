import type { Queryable } from '../database/database.ts';

export type PlatformIdentity = { platformUserId: string | null; platformSlug: string | null };

export type NamedAccount = PlatformIdentity & {
  id: string;
  handle: string | null;
  hasRoles: boolean;
};

/** Living accounts of a tenant that are named by id or handle; nobody changes them meanwhile. */
export function lockNamedAccounts(
  tx: Queryable,
  tenantId: string,
  { ids, handles }: { ids: readonly string[]; handles: readonly string[] },
): Promise<NamedAccount[]> {
  return tx.query<NamedAccount>(
    `select a.id, h.handle, a.platform_user_id as "platformUserId",
        a.platform_slug as "platformSlug", a.roles <> '{}' as "hasRoles"
      from accounts a left join handles h on h.account_id = a.id and h.state = 'active'
      where a.tenant_id = $1 and a.status <> 'deleted'
        and (a.id = any ($2::uuid[]) or h.handle = any ($3::text[]))
      order by a.id for no key update of a`,
    [tenantId, ids, handles],
  );
}

/** Accounts and guests of the tenant that the platform calls so already. */
export function holdersOfIdentities(
  tx: Queryable,
  tenantId: string,
  { userIds, slugs }: { userIds: readonly string[]; slugs: readonly string[] },
): Promise<(PlatformIdentity & { id: string })[]> {
  return tx.query(
    `select id, platform_user_id as "platformUserId", platform_slug as "platformSlug"
        from accounts where tenant_id = $1
          and (platform_user_id = any ($2::text[]) or platform_slug = any ($3::text[]))
      union all
      select id, platform_user_id, platform_slug from guests where tenant_id = $1
        and (platform_user_id = any ($2::text[]) or platform_slug = any ($3::text[]))`,
    [tenantId, userIds, slugs],
  );
}

/** In one order, in which everybody takes turns at them. */
export async function tenantsOfAccounts(db: Queryable, ids: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    'select distinct tenant_id as id from accounts where id = any ($1::uuid[]) order by id',
    [ids],
  );
  return rows.map(({ id }) => id);
}

export function lockIdentities(
  tx: Queryable,
  ids: readonly string[],
): Promise<(PlatformIdentity & { id: string; tenantId: string })[]> {
  return tx.query(
    `select id, tenant_id as "tenantId", platform_user_id as "platformUserId",
        platform_slug as "platformSlug"
      from accounts where id = any ($1::uuid[]) and status <> 'deleted'
      order by id for no key update`,
    [ids],
  );
}
