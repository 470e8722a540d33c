import type { Queryable } from '../database/database.ts';

/** What an account can prove besides its way in. */
export type Factors = {
  totp: { createdAt: Date; lastUsedAt: Date | null } | null;
  /** How many are left. */
  recoveryCodes: number;
  /** How many there are. */
  passkeys: number;
};

export async function factorsOf(db: Queryable, accountId: string): Promise<Factors> {
  const [row] = await db.query<{
    createdAt: Date | null;
    lastUsedAt: Date | null;
    recoveryCodes: number;
    passkeys: number;
  }>(
    `select t.confirmed_at as "createdAt", t.last_used_at as "lastUsedAt",
        (select count(*)::int from recovery_codes where account_id = $1) as "recoveryCodes",
        (select count(*)::int from passkeys where account_id = $1) as passkeys
      from (select 1) as one
      left join totp_credentials t on t.account_id = $1 and t.confirmed_at is not null`,
    [accountId],
  );
  const { createdAt = null, lastUsedAt = null, recoveryCodes = 0, passkeys = 0 } = row ?? {};
  return { totp: createdAt && { createdAt, lastUsedAt }, recoveryCodes, passkeys };
}
