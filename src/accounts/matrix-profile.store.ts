import type { Queryable } from '../database/database.ts';
import { addJobCall } from '../jobs/enqueue.ts';

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
    `select ${addJobCall('sync-matrix-access', { accountId: 'id' })}
      from accounts where tenant_id = $1 and status <> 'deleted'`,
    [tenantId],
  );
}
