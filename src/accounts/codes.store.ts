import type { Queryable } from '../database/database.ts';

/** All of it fingerprints, but for tenant and purpose. */
type Binding = { purpose: string; tenantId: string | null; browser: string; subject: string };

export async function insertCode(
  tx: Queryable,
  code: Binding & {
    id: string;
    email: string;
    emailKey: string;
    accountId: string | null;
    code: string;
    minutes: number;
  },
): Promise<Date> {
  const [row] = await tx.query<{ expiresAt: Date }>(
    `insert into email_codes (id, purpose, tenant_id, browser, subject, email, email_key,
        account_id, code, created_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp(),
        clock_timestamp() + make_interval(mins => $10))
      returning expires_at as "expiresAt"`,
    [
      code.id,
      code.purpose,
      code.tenantId,
      code.browser,
      code.subject,
      code.email,
      code.emailKey,
      code.accountId,
      code.code,
      code.minutes,
    ],
  );
  return (row as { expiresAt: Date }).expiresAt;
}

export type StoredCode = {
  id: string;
  emailKey: string;
  consumed: boolean;
  expired: boolean;
  /**
   * Whether this browser signed in to the code's account before, which has the code's address; where the
   * code counts in all tenants, to every account of it.
   */
  knownBrowser: boolean;
};

/**
 * The only code of a subject that counts, if it was made for this browser and tenant. Locks the
 * code's account, see `lockAccount`.
 */
export async function newestCode(
  tx: Queryable,
  { subject, purpose, browser, tenantId }: Binding,
  knownBrowser: string,
): Promise<StoredCode | undefined> {
  const [code] = await tx.query<StoredCode>(
    `select c.id, c.email_key as "emailKey", c.consumed_at is not null as consumed,
        c.expires_at <= now() as expired,
        exists (select from known_browsers k join accounts o on o.id = k.account_id
            where k.browser = $5 and o.id = c.account_id and o.email_key = c.email_key)
          and (c.tenant_id is not null or not exists (select from accounts o
            where o.email_key = c.email_key and o.status = 'active' and not exists (
              select from known_browsers k where k.browser = $5 and k.account_id = o.id)))
          as "knownBrowser"
      from (select * from email_codes where subject = $1 and purpose = $2
        order by created_at desc, id desc limit 1) c
      left join lateral (select from accounts a where a.id = c.account_id for no key update) a
        on true
      where c.browser = $3 and c.tenant_id is not distinct from $4`,
    [subject, purpose, browser, tenantId, knownBrowser],
  );
  return code;
}

export type TriedCode = {
  right: boolean;
  tries: number;
  email: string;
  emailKey: string;
  accountId: string | null;
};

/**
 * The guess, the try and the consumption, by one statement that decides under the locks of its
 * rows: a try that finds the code consumed, expired, tried too often, or the day's guesses used up
 * changes nothing but the number of guesses.
 *
 * @param attempt `guesses` is the key of the day's budget among the rate limits
 */
export async function tryCode(
  tx: Queryable,
  attempt: Binding & {
    id: string | null;
    code: string;
    guesses: string;
    maxTries: number;
    maxGuesses: number;
  },
): Promise<TriedCode | undefined> {
  const [tried] = await tx.query<TriedCode>(
    `with guesses as (
        insert into rate_limits as r (key, count, resets_at)
          values ($1, 1, now() + interval '1 day')
        on conflict (key) do update set
          count = case when r.resets_at <= now() then 1 else r.count + 1 end,
          resets_at = case when r.resets_at <= now() then excluded.resets_at else r.resets_at end
        returning count)
      update email_codes c set tries = c.tries + 1,
          consumed_at = case when c.code = $3 then now() end
        from guesses
        where c.id = $2 and guesses.count <= $4 and c.tries < $5 and c.consumed_at is null
          and c.expires_at > now() and c.subject = $6 and c.purpose = $7 and c.browser = $8
          and c.tenant_id is not distinct from $9
        returning c.consumed_at is not null as right, c.tries, c.email,
          c.email_key as "emailKey", c.account_id as "accountId"`,
    [
      attempt.guesses,
      attempt.id,
      attempt.code,
      attempt.maxGuesses,
      attempt.maxTries,
      attempt.subject,
      attempt.purpose,
      attempt.browser,
      attempt.tenantId,
    ],
  );
  return tried;
}

export async function issuedCodes(
  db: Queryable,
  subject: string,
  purpose: string,
): Promise<{ count: number; last: Date | null }> {
  const [issued] = await db.query<{ count: number; last: Date | null }>(
    `select count(*)::integer as count, max(created_at) as last from email_codes
      where subject = $1 and purpose = $2`,
    [subject, purpose],
  );
  return issued as { count: number; last: Date | null };
}

/** Ends what the account has pending. */
export async function voidCodes(tx: Queryable, accountId: string): Promise<void> {
  await tx.query('delete from email_codes where account_id = $1', [accountId]);
}

/**
 * Deletes codes a day after they expired: until then people are told what became of theirs.
 *
 * @returns how many went
 */
export async function removeExpiredCodes(db: Queryable): Promise<number> {
  const rows = await db.query(
    `delete from email_codes where id in (select id from email_codes
      where expires_at < now() - interval '1 day' limit 5000 for update skip locked) returning id`,
  );
  return rows.length;
}
