import type { Queryable } from '../database/database.ts';

type Link = { tenantId: string; accountId: string; emailKey: string };

const live = `from email_links l
  join accounts a on a.id = l.account_id and a.tenant_id = l.tenant_id and a.status = 'active'
  join tenants t on t.id = l.tenant_id and t.status = 'active'
  where l.id = $1 and l.purpose = $2 and l.consumed_at is null and l.expires_at > now()
    and (l.purpose <> 'recovery' or a.email_key = l.email_key)`;
const columns = `l.tenant_id as "tenantId", l.account_id as "accountId",
  l.email_key as "emailKey"`;

/** One statement, also where there is no account and so nothing to store. */
export async function replaceLink(
  tx: Queryable,
  link: {
    id: string;
    purpose: string;
    tenantId: string | null;
    accountId: string | null;
    emailKey: string;
    minutes: number;
  },
): Promise<void> {
  await tx.query(
    `with replaced as (
        delete from email_links
          where account_id = $4 and purpose = $2 and consumed_at is null)
      insert into email_links (id, purpose, tenant_id, account_id, email_key, expires_at)
        select $1, $2, $3::uuid, $4::uuid, $5, now() + make_interval(mins => $6)
          where $4 is not null`,
    [link.id, link.purpose, link.tenantId, link.accountId, link.emailKey, link.minutes],
  );
}

export async function liveLink(
  db: Queryable,
  purpose: string,
  id: string,
): Promise<Link | undefined> {
  const [link] = await db.query<Link>(`select ${columns} ${live}`, [id, purpose]);
  return link;
}

/** Locks the account first, see `lockAccount`, then the link, whose lock decides. */
export async function consumeLink(
  tx: Queryable,
  purpose: string,
  id: string,
): Promise<Link | undefined> {
  const [link] = await tx.query<Link>(
    `with owner as materialized (select l.id ${live} for no key update of a)
      update email_links l set consumed_at = now() from owner
        where l.id = owner.id and l.consumed_at is null and l.expires_at > now()
        returning ${columns}`,
    [id, purpose],
  );
  return link;
}

/** Ends what the account has pending: also the wait of whoever has lost all second factors. */
export async function voidLinks(tx: Queryable, accountId: string): Promise<void> {
  await tx.query(
    `with waits as (delete from lost_factors where account_id = $1)
      delete from email_links where account_id = $1`,
    [accountId],
  );
}

/** Deletes links a day after they expired. @returns how many went */
export async function removeExpiredLinks(db: Queryable): Promise<number> {
  const rows = await db.query(
    `delete from email_links where id in (select id from email_links
      where expires_at < now() - interval '1 day' limit 5000 for update skip locked) returning id`,
  );
  return rows.length;
}
