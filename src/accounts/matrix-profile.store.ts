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
