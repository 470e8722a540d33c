import type { Queryable } from '../../database/database.ts';

export type SessionRow = {
  uid: string;
  userAgent: string | null;
  address: string | null;
  since: Date;
  expiresAt: Date;
  /** When it ends unless it is used, whatever else ends it before. */
  idleEnd: Date;
};

/** The browsers in which an account is signed in, the one seen last first. */
export function sessionsOf(db: Queryable, accountId: string): Promise<SessionRow[]> {
  return db.query(
    `select s.uid, o.user_agent as "userAgent", o.address,
        coalesce(o.created_at, s.created_at) as since, s.expires_at as "expiresAt",
        to_timestamp((s.payload->>'exp')::float8) as "idleEnd"
      from oidc_artifacts s left join session_origins o on o.session_uid = s.uid
      where s.account_id = $1 and s.model = 'Session' and s.expires_at > now()
      order by "idleEnd" desc`,
    [accountId],
  );
}

export type ApplicationRow = {
  clientId: string;
  name: string;
  since: Date;
  /** Space-separated, one per grant. */
  scopes: string[];
};

/** What an account allowed applications, but for the client of our own page. */
export function applicationsOf(
  db: Queryable,
  accountId: string,
  ownClientId: string,
): Promise<ApplicationRow[]> {
  return db.query(
    `select c.id as "clientId", c.name, min(g.created_at) as since,
        array_agg(coalesce(g.payload->'openid'->>'scope', '')) as scopes
      from oidc_artifacts g join clients c on c.id = g.client_id
      where g.account_id = $1 and g.model = 'Grant' and g.expires_at > now() and c.id <> $2
      group by c.id, c.name order by c.name, c.id`,
    [accountId, ownClientId],
  );
}

export async function grantsOf(
  db: Queryable,
  { accountId, clientId }: { accountId: string; clientId: string },
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select id from oidc_artifacts
      where account_id = $1 and client_id = $2 and model = 'Grant'`,
    [accountId, clientId],
  );
  return rows.map(({ id }) => id);
}
