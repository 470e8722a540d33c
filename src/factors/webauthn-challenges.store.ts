import type { Queryable } from '../database/database.ts';

/** One making, or one use, of a passkey: its challenge is worth nothing in another. */
export type Ceremony = {
  purpose: 'add' | 'sign-in';
  /** A fingerprint. */
  browser: string;
  /** Null for a sign-in that is open to all. */
  tenantId: string | null;
  /** The account that is to have the passkey, or the sign-in. */
  subject: string;
};

/** How long a challenge waits for its answer, in minutes. */
export const challengeMinutes = 5;

/** In the place of the one that the same ceremony had. */
export async function keepChallenge(
  db: Queryable,
  { purpose, browser, tenantId, subject }: Ceremony,
  challenge: string,
): Promise<void> {
  await db.query(
    `insert into webauthn_challenges (purpose, browser, subject, tenant_id, challenge, expires_at)
      values ($1, $2, $3, $4, $5, now() + make_interval(mins => $6))
      on conflict (purpose, browser, subject) do update
        set tenant_id = excluded.tenant_id, challenge = excluded.challenge,
          expires_at = excluded.expires_at`,
    [purpose, browser, subject, tenantId, challenge, challengeMinutes],
  );
}

/**
 * To be asked outside of transactions: what is rolled back was used all the same.
 *
 * @returns false for one that was used, is too old, or was made for something else
 */
export async function takeChallenge(
  db: Queryable,
  { purpose, browser, tenantId, subject }: Ceremony,
  challenge: string,
): Promise<boolean> {
  const rows = await db.query(
    `delete from webauthn_challenges
      where purpose = $1 and browser = $2 and subject = $3 and tenant_id is not distinct from $4
        and challenge = $5 and expires_at > now()
      returning challenge`,
    [purpose, browser, subject, tenantId, challenge],
  );
  return rows.length === 1;
}

/** @returns how many went */
export async function removeExpiredChallenges(db: Queryable): Promise<number> {
  const rows = await db.query(
    `delete from webauthn_challenges where (purpose, browser, subject) in (
      select purpose, browser, subject from webauthn_challenges where expires_at < now() limit 5000)
      returning purpose`,
  );
  return rows.length;
}
