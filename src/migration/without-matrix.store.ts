import type { Queryable } from '../database/database.ts';

/**
 * - `no_handle`: has not chosen a name yet
 * - `not_provisioned`: nobody has asked for a Matrix user: there was no token, or no sign-in yet
 * - `provisioning`: the worker is at it, or waits for Synapse
 * - `conflict`: Synapse has somebody else by that name
 * - `deactivated`: the Matrix user is no more
 * - `guest`: the platform made them a guest, and they have no account yet
 * - `no_account`: the platform has given them a role, and nobody here has that slug
 */
export type WithoutMatrix =
  | 'no_handle'
  | 'not_provisioned'
  | 'provisioning'
  | 'conflict'
  | 'deactivated'
  | 'guest'
  | 'no_account';

export type UserWithoutMatrix = {
  tenant: string;
  reason: WithoutMatrix;
  accountId: string | null;
  handle: string | null;
  platformUserId: string | null;
  platformSlug: string | null;
  /** What Synapse said, where there is a conflict. */
  error: string | null;
};

type Page<Cursor> = { tenantId: string | null; after: Cursor | null; limit: number };

export function accountsWithoutMatrix(
  db: Queryable,
  { tenantId, after, limit }: Page<string>,
): Promise<UserWithoutMatrix[]> {
  return db.query<UserWithoutMatrix>(
    `select t.slug as tenant, a.id as "accountId", h.handle,
        a.platform_user_id as "platformUserId", a.platform_slug as "platformSlug", m.error,
        case when h.handle is null then 'no_handle' when m.state is null then 'not_provisioned'
          when m.state = 'begun' then 'provisioning' else m.state end as reason
      from accounts a join tenants t on t.id = a.tenant_id
      left join handles h on h.account_id = a.id and h.state = 'active'
      left join matrix_users m on m.handle = h.handle and m.account_id = a.id
      where a.status <> 'deleted' and m.state is distinct from 'ready'
        and ($1::uuid is null or a.tenant_id = $1) and ($2::uuid is null or a.id > $2)
      order by a.id limit $3`,
    [tenantId, after, limit],
  );
}

export type PlatformUser = UserWithoutMatrix & { tenantId: string; member: string };

/** Whom a platform has given a role, and who has no account. */
export function membersWithoutAccount(
  db: Queryable,
  { tenantId, after, limit }: Page<{ tenantId: string; member: string }>,
): Promise<PlatformUser[]> {
  return db.query<PlatformUser>(
    `select t.slug as tenant, t.id as "tenantId", m.member, g.id as "accountId", null as handle,
        g.platform_user_id as "platformUserId", coalesce(g.platform_slug, m.member) as "platformSlug",
        null as error, case when g.id is null then 'no_account' else 'guest' end as reason
      from (select distinct member_tenant_id as tenant_id, member from memberships
        where role is not null and ($1::uuid is null or member_tenant_id = $1)
          and ($2::uuid is null or (member_tenant_id, member) > ($2, $3))
        order by member_tenant_id, member) m
      join tenants t on t.id = m.tenant_id
      left join guests g on g.tenant_id = m.tenant_id
        and (g.platform_slug = m.member or 'account:' || g.id = m.member)
      where not exists (select from accounts a where a.tenant_id = m.tenant_id
        and a.status <> 'deleted' and (a.platform_slug = m.member or 'account:' || a.id = m.member))
      order by m.tenant_id, m.member limit $4`,
    [tenantId, after?.tenantId ?? null, after?.member ?? null, limit],
  );
}
