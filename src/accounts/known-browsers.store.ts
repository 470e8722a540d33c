import type { Queryable } from '../database/database.ts';

export type RememberedBrowser = {
  isNew: boolean;
  /** Other browsers in which the account was seen within a day. */
  others: number;
};

/** Written once a day at most, so that repeated sign-ins cost a look-up. */
export async function insertKnownBrowser(
  tx: Queryable,
  browser: string,
  accountId: string,
): Promise<RememberedBrowser> {
  const [row] = await tx.query<RememberedBrowser>(
    `with written as (
        insert into known_browsers as k (browser, account_id) values ($1, $2)
        on conflict (browser, account_id) do update set last_seen_at = now()
          where k.last_seen_at < now() - interval '1 day'
        returning xmax = 0 as inserted)
      select coalesce((select inserted from written), false) as "isNew",
        (select count(*)::int from known_browsers where account_id = $2 and browser <> $1
          and last_seen_at > now() - interval '1 day') as others`,
    [browser, accountId],
  );
  return row as RememberedBrowser;
}

/**
 * Whether this browser signed in to the account that is meant: for all communities at once, to every
 * account of the address. Whoever has one at a community of their own is a stranger to the others.
 *
 * @param where.tenantId null for all communities
 */
export async function knowsIdentifier(
  db: Queryable,
  browser: string,
  { identifier, tenantId }: { identifier: string; tenantId: string | null },
): Promise<boolean> {
  const [row] = await db.query<{ known: boolean }>(
    `with mine as materialized (select account_id from known_browsers where browser = $1)
      select case when exists (select from mine join accounts a on a.id = mine.account_id
          left join handles h on h.account_id = a.id and h.state = 'active'
          where (a.email_key = $2 or lower(h.handle) = $2)
            and ($3::uuid is null or a.tenant_id = $3))
        then $3::uuid is not null or not exists (select from accounts a
          where a.email_key = $2 and a.status = 'active'
            and a.id not in (select account_id from mine))
        else false end as known`,
    [browser, identifier, tenantId],
  );
  return row?.known ?? false;
}

/** Also those that need no second step. */
export async function forgetBrowsers(tx: Queryable, accountId: string): Promise<void> {
  await tx.query(
    `with remembered as (delete from remembered_browsers where account_id = $1)
      delete from known_browsers where account_id = $1`,
    [accountId],
  );
}

/** Forgets browsers that were not seen for half a year. @returns how many */
export async function removeStaleBrowsers(db: Queryable): Promise<number> {
  const rows = await db.query(
    `delete from known_browsers where (browser, account_id) in (
      select browser, account_id from known_browsers
        where last_seen_at < now() - interval '180 days' limit 5000) returning browser`,
  );
  return rows.length;
}
