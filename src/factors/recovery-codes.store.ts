import type { Queryable } from '../database/database.ts';

/** @param codes fingerprints; they take the place of all that the account had */
export async function replaceCodes(
  tx: Queryable,
  accountId: string,
  codes: readonly string[],
): Promise<void> {
  await deleteCodes(tx, accountId);
  await tx.query(
    'insert into recovery_codes (account_id, code) select $1, code from unnest($2::text[]) code',
    [accountId, codes],
  );
}

/** @returns false for one that is not the account's (any more) */
export async function takeCode(tx: Queryable, accountId: string, code: string): Promise<boolean> {
  const rows = await tx.query(
    'delete from recovery_codes where account_id = $1 and code = $2 returning code',
    [accountId, code],
  );
  return rows.length === 1;
}

export async function countCodes(db: Queryable, accountId: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'select count(*)::int as count from recovery_codes where account_id = $1',
    [accountId],
  );
  return row?.count ?? 0;
}

export async function deleteCodes(tx: Queryable, accountId: string): Promise<void> {
  await tx.query('delete from recovery_codes where account_id = $1', [accountId]);
}
