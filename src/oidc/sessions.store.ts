import type { Queryable } from '../database/database.ts';

type SessionRef = { uid: string; accountId: string };

/** The applications that this session signed in to and that have a back-channel. */
export function logoutsOfSession(
  db: Queryable,
  { uid, accountId }: SessionRef,
): Promise<{ clientId: string; sid: string }[]> {
  return db.query(
    `select c.id as "clientId", z.value->>'sid' as sid
      from oidc_artifacts s, jsonb_each(coalesce(s.payload->'authorizations', '{}')) z
      join clients c on c.id = z.key
      where s.uid = $1 and s.account_id = $2 and c.backchannel_logout_uri is not null
        and z.value->>'sid' is not null`,
    [uid, accountId],
  );
}

/** The same for all sessions of an account but one. */
export function logoutsOfAccount(
  db: Queryable,
  accountId: string,
  keep?: { sessionUid: string },
): Promise<{ clientId: string; sid: string }[]> {
  return db.query(
    `select c.id as "clientId", z.value->>'sid' as sid
      from oidc_artifacts s, jsonb_each(coalesce(s.payload->'authorizations', '{}')) z
      join clients c on c.id = z.key
      where s.account_id = $1 and s.model = 'Session' and s.uid is distinct from $2
        and c.backchannel_logout_uri is not null and z.value->>'sid' is not null`,
    [accountId, keep?.sessionUid ?? null],
  );
}

/** The session with its grants and everything issued under them. */
export async function deleteSession(db: Queryable, { uid, accountId }: SessionRef): Promise<void> {
  await db.query(
    `with granted as (
      select z.value->>'grantId' as id from oidc_artifacts s,
        jsonb_each(coalesce(s.payload->'authorizations', '{}')) z
        where s.uid = $1 and s.account_id = $2),
    origin as (delete from session_origins where session_uid = $1 and account_id = $2)
    delete from oidc_artifacts where account_id = $2
      and (uid = $1 or session_uid = $1 or id in (select id from granted)
        or grant_id in (select id from granted))`,
    [uid, accountId],
  );
}

/** Rows that say where a session came from go with their session. */
export async function removeOrphanedOrigins(db: Queryable): Promise<void> {
  await db.query(
    `delete from session_origins o where o.created_at < now() - interval '1 day'
      and not exists (select from oidc_artifacts s where s.uid = o.session_uid)`,
  );
}
