import type { Queryable } from '../database/database.ts';

/** Two accounts of one person, about to become one. */
export type Merge = {
  /** Fingerprint of a cookie. */
  id: string;
  tenantId: string;
  /** Where it was begun. */
  accountId: string;
  /** Set by its proof, once. */
  otherAccountId: string | null;
  /** Whether the first account was proved again after the other. */
  proved: boolean;
};

/** One that may go on: of this browser, not too old, not done. */
export type MergeKey = { id: string; browser: string };

const columns = `id, tenant_id as "tenantId", account_id as "accountId",
  other_account_id as "otherAccountId", proved_at is not null as proved`;

/** An earlier one of the account is worth nothing from now. */
export async function startMerge(
  tx: Queryable,
  merge: MergeKey & { tenantId: string; accountId: string; minutes: number },
): Promise<void> {
  await tx.query('delete from account_merges where account_id = $1 and consumed_at is null', [
    merge.accountId,
  ]);
  await tx.query(
    `insert into account_merges (id, tenant_id, account_id, browser, expires_at)
      values ($1, $2, $3, $4, now() + make_interval(mins => $5))`,
    [merge.id, merge.tenantId, merge.accountId, merge.browser, merge.minutes],
  );
}

export async function liveMerge(
  db: Queryable,
  { id, browser }: MergeKey,
): Promise<Merge | undefined> {
  const [merge] = await db.query<Merge>(
    `select ${columns} from account_merges
      where id = $1 and browser = $2 and consumed_at is null and expires_at > now()`,
    [id, browser],
  );
  return merge;
}

/** Binds the pair: the other account, of the same tenant, has just been signed in to. */
export async function proveOther(
  tx: Queryable,
  { id, browser, accountId }: MergeKey & { accountId: string },
): Promise<void> {
  await tx.query(
    `update account_merges set other_account_id = $3, other_proved_at = now()
      where id = $1 and browser = $2 and consumed_at is null and expires_at > now()
        and other_account_id is null and account_id <> $3
        and tenant_id = (select tenant_id from accounts where id = $3)`,
    [id, browser, accountId],
  );
}

/** The account at hand has just been signed in to once more, for this pair. */
export async function proveOwn(
  tx: Queryable,
  { id, browser, accountId }: MergeKey & { accountId: string },
): Promise<void> {
  await tx.query(
    `update account_merges set proved_at = now()
      where id = $1 and browser = $2 and consumed_at is null and expires_at > now()
        and other_account_id is not null and account_id = $3`,
    [id, browser, accountId],
  );
}

/** @returns false for a pair that is not both proved, or of which another request was first */
export async function consumeMerge(
  tx: Queryable,
  merge: MergeKey & { accountId: string; otherAccountId: string },
): Promise<boolean> {
  const rows = await tx.query(
    `update account_merges set consumed_at = now()
      where id = $1 and browser = $2 and account_id = $3 and other_account_id = $4
        and proved_at is not null and other_proved_at is not null
        and consumed_at is null and expires_at > now() returning id`,
    [merge.id, merge.browser, merge.accountId, merge.otherAccountId],
  );
  return rows.length === 1;
}

/** Whether it was done already, for the second of two requests. */
export async function isConsumed(db: Queryable, { id, browser }: MergeKey): Promise<boolean> {
  const rows = await db.query(
    `select from account_merges where id = $1 and browser = $2 and consumed_at is not null`,
    [id, browser],
  );
  return rows.length === 1;
}

/** Whatever ends sessions of an account ends what was proved of it for a merge. */
export async function voidMerges(tx: Queryable, accountId: string): Promise<void> {
  await tx.query(
    `delete from account_merges
      where (account_id = $1 or other_account_id = $1) and consumed_at is null`,
    [accountId],
  );
}

/** Who the person is elsewhere, for the account that stays. */
export async function moveIdentities(
  tx: Queryable,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await tx.query('update identities set account_id = $2 where account_id = $1', [from, to]);
}
