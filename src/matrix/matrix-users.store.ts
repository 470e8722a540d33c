import { setTimeout as pause } from 'node:timers/promises';
import type { Queryable, Transaction } from '../database/database.ts';
import { addJobCall, enqueue } from '../jobs/enqueue.ts';

export type ProvisioningState = 'pending' | 'ready' | 'conflict';

type Provisioning = { handle: string; accountId: string };

const states: Record<string, ProvisioningState> = { begun: 'pending', ready: 'ready' };

/**
 * Asks the worker to make the Matrix user of a handle that the account holds or has. One that was
 * made for a sign-up that never finished is taken over, if nobody has used it since. Asking again
 * tries again at once.
 *
 * @returns `conflict` when the handle is not the account's, or its Matrix user never can be
 */
export async function beginProvisioning(
  tx: Transaction,
  { handle, accountId }: Provisioning,
): Promise<ProvisioningState> {
  const [row] = await tx.query<{ state: string }>(
    `insert into matrix_users (handle, account_id, state)
      select handle, account_id, 'begun' from handles
      where handle = $1 and account_id = $2 and state in ('held', 'active')
      on conflict (handle) do update
        set account_id = excluded.account_id, updated_at = now(), error = null,
          state = case when matrix_users.account_id = excluded.account_id
            then matrix_users.state else 'begun' end,
          made_at = case when matrix_users.account_id = excluded.account_id
            then matrix_users.made_at end
        where matrix_users.state in ('begun', 'ready')
      returning state`,
    [handle, accountId],
  );
  const state = states[row?.state ?? ''] ?? 'conflict';
  if (state === 'pending') await enqueue(tx, 'provision-matrix-user', { handle, accountId });
  return state;
}

/** Brings every account's Matrix user up to date, as when a provider block was added. */
export async function provisionEveryone(tx: Transaction): Promise<number> {
  await tx.query(
    `insert into matrix_users (handle, account_id, state)
      select handle, account_id, 'begun' from handles
      where state = 'active' and account_id is not null
      on conflict (handle) do nothing`,
  );
  const rows = await tx.query(
    `select ${addJobCall('provision-matrix-user', { handle: 'handle', accountId: 'account_id' })}
      from matrix_users join handles using (handle, account_id)
      where matrix_users.state in ('begun', 'ready') and handles.state = 'active'`,
  );
  return rows.length;
}

export async function provisioningState(
  db: Queryable,
  { handle, accountId }: Provisioning,
): Promise<ProvisioningState> {
  const [row] = await db.query<{ state: string }>(
    'select state from matrix_users where handle = $1 and account_id = $2',
    [handle, accountId],
  );
  return states[row?.state ?? ''] ?? 'conflict';
}

/** Outside of any transaction: the worker's must be seen. `pending` after `timeoutMs`. */
export async function waitForProvisioning(
  db: Queryable,
  provisioning: Provisioning,
  { timeoutMs = 5000 } = {},
): Promise<ProvisioningState> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const state = await provisioningState(db, provisioning);
    if (state !== 'pending' || performance.now() >= deadline) return state;
    await pause(50);
  }
}

export type WantedUser = {
  handle: string;
  accountId: string;
  tenantId: string;
  /** Whether Synapse told us once that there was no such user. */
  seenAbsent: boolean;
  /** Whether we know that we made it, or that it is ours by its mapping. */
  ours: boolean;
  /** Whether it was finished before, and is only brought up to date. */
  ready: boolean;
};

/** Nothing when nobody wants the user any more: the hold is gone, the account deleted. */
export async function findWantedUser(
  db: Queryable,
  handle: string,
): Promise<WantedUser | undefined> {
  const [row] = await db.query<WantedUser>(
    `select handle, account_id as "accountId", handles.tenant_id as "tenantId",
        absent_at is not null as "seenAbsent", made_at is not null as ours,
        matrix_users.state = 'ready' as ready
      from matrix_users join handles using (handle, account_id)
      where handle = $1 and matrix_users.state in ('begun', 'ready')
        and handles.state in ('held', 'active')`,
    [handle],
  );
  return row;
}

/** What is noted about a user is noted for one account: another one may have taken it over. */
export async function markAbsent(
  db: Queryable,
  { handle, accountId }: Provisioning,
): Promise<void> {
  await db.query(
    `update matrix_users set absent_at = now()
      where handle = $1 and account_id = $2 and made_at is null`,
    [handle, accountId],
  );
}

/** Somebody else made it after we had seen that it was absent. */
export async function forgetAbsence(
  db: Queryable,
  { handle, accountId }: Provisioning,
): Promise<void> {
  await db.query(
    `update matrix_users set absent_at = null
      where handle = $1 and account_id = $2 and made_at is null`,
    [handle, accountId],
  );
}

export async function markOurs(db: Queryable, { handle, accountId }: Provisioning): Promise<void> {
  await db.query(
    `update matrix_users set made_at = coalesce(made_at, now())
      where handle = $1 and account_id = $2`,
    [handle, accountId],
  );
}

/** @returns false when another account took the user over meanwhile */
export async function markReady(
  db: Queryable,
  { handle, accountId }: Provisioning,
): Promise<boolean> {
  const rows = await db.query(
    `update matrix_users set state = 'ready', error = null, updated_at = now()
      where handle = $1 and account_id = $2 and state in ('begun', 'ready') returning handle`,
    [handle, accountId],
  );
  return rows.length > 0;
}

/** The handle of a sign-up is burnt with it: nobody may ever be shown it as free again. */
export async function markConflict(
  tx: Transaction,
  { handle, accountId }: Provisioning,
  reason: string,
): Promise<void> {
  await tx.query(
    `update matrix_users set state = 'conflict', error = $3, updated_at = now()
      where handle = $1 and account_id = $2`,
    [handle, accountId, reason],
  );
  await tx.query(
    `insert into handles (handle, state, imported) values ($1, 'tombstoned', true)
      on conflict (lower(handle)) do update
        set state = 'tombstoned', imported = true, account_id = null, tenant_id = null,
          held_by = null, held_until = null, updated_at = now()
        where handles.state = 'held' and handles.account_id = $2`,
    [handle, accountId],
  );
}

export type AuthProviders = {
  /** As Synapse names our provider blocks: `oidc-<idp_id>`. */
  all: readonly string[];
  /** Those through which the tenant's people may come. */
  ofTenant: readonly string[];
};

export async function authProviders(db: Queryable, tenantId: string): Promise<AuthProviders> {
  const rows = await db.query<{ provider: string; serves: boolean }>(
    `select 'oidc-' || idp_id as provider, disabled_at is null and (all_tenants
        or exists (select from client_tenants where client_id = clients.id and tenant_id = $1)
      ) as serves
      from clients where idp_id is not null order by idp_id`,
    [tenantId],
  );
  return {
    all: rows.map(({ provider }) => provider),
    ofTenant: rows.filter(({ serves }) => serves).map(({ provider }) => provider),
  };
}
