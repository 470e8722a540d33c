import type { Queryable } from '../database/database.ts';

export type MatrixProfile = {
  handle: string;
  tenantId: string;
  name: string;
  /** Only when it is verified. */
  email: string | null;
  /** Nothing when the account was made without a homeserver token. */
  state: 'begun' | 'ready' | 'conflict' | 'deactivated' | null;
  ours: boolean;
  /** Whether its Matrix user may be used, by the account's states and by that of its tenant. */
  allowed: boolean;
};

/** What a living account is on Matrix. */
export async function findMatrixProfile(
  db: Queryable,
  accountId: string,
): Promise<MatrixProfile | undefined> {
  const [row] = await db.query<MatrixProfile>(
    `select handle, accounts.tenant_id as "tenantId", accounts.name,
        case when accounts.email_verified then accounts.email end as email,
        matrix_users.state, matrix_users.made_at is not null as ours,
        accounts.matrix_access = 'active' and accounts.status = 'active'
          and tenants.status = 'active' as allowed
      from accounts
      join tenants on tenants.id = accounts.tenant_id
      join handles on handles.account_id = accounts.id and handles.state = 'active'
      left join matrix_users using (handle, account_id)
      where accounts.id = $1 and accounts.status <> 'deleted'`,
    [accountId],
  );
  return row;
}

export type OrphanedUser = {
  handle: string;
  tenantId: string;
  state: MatrixProfile['state'];
  ours: boolean;
};

/** The Matrix user that a deleted account left behind. */
export async function findOrphanedUser(
  db: Queryable,
  accountId: string,
): Promise<OrphanedUser | undefined> {
  const [row] = await db.query<OrphanedUser>(
    `select handle, handles.tenant_id as "tenantId", matrix_users.state,
        matrix_users.made_at is not null as ours
      from handles left join matrix_users using (handle, account_id)
      where handles.account_id = $1 and handles.state = 'tombstoned'`,
    [accountId],
  );
  return row;
}

export async function markDeactivated(
  db: Queryable,
  { handle, accountId }: { handle: string; accountId: string },
): Promise<void> {
  await db.query(
    `insert into matrix_users (handle, account_id, state) values ($1, $2, 'deactivated')
      on conflict (handle) do update set state = 'deactivated', updated_at = now()
        where matrix_users.account_id = excluded.account_id`,
    [handle, accountId],
  );
  await db.query('delete from matrix_devices where account_id = $1', [accountId]);
}
