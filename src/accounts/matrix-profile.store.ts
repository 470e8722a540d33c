import type { Queryable } from '../database/database.ts';

export async function setMatrixAccess(
  tx: Queryable,
  accountId: string,
  { access, byOperator }: { access: 'active' | 'revoked'; byOperator: boolean },
): Promise<void> {
  await tx.query(
    `update accounts set matrix_access = $2, updated_at = now(),
        matrix_revoked_by_operator = $2 = 'revoked' and $3
      where id = $1 and status <> 'deleted'`,
    [accountId, access, byOperator],
  );
}

/** Has the worker give or take access on the homeserver for everybody of a tenant. */
export async function queueAccessOfTenant(tx: Queryable, tenantId: string): Promise<void> {
  await tx.query(
    `select graphile_worker.add_job('sync-matrix-access', json_build_object('accountId', id),
        job_key => 'sync-matrix-access:' || id, max_attempts => 100)
      from accounts where tenant_id = $1 and status <> 'deleted'`,
    [tenantId],
  );
}
