import type { Queryable } from '../database/database.ts';

type SessionRef = { uid: string; accountId: string };

export type Logout = { clientId: string; sid: string };

const toldOfEnds = `select c.id as "clientId", s.sid
  from client_sessions s join clients c on c.id = s.client_id and c.backchannel_logout_uri is not null
  where s.account_id = $1`;

/** The applications that this session signed in to and that have a back-channel. */
export function logoutsOfSession(db: Queryable, { uid, accountId }: SessionRef): Promise<Logout[]> {
  return db.query(`${toldOfEnds} and s.session_uid = $2`, [accountId, uid]);
}

/** The same for all sessions of an account but one, those that ran out long ago among them. */
export function logoutsOfAccount(
  db: Queryable,
  accountId: string,
  keep?: { sessionUid: string },
): Promise<Logout[]> {
  return db.query(`${toldOfEnds} and s.session_uid is distinct from $2`, [
    accountId,
    keep?.sessionUid ?? null,
  ]);
}

/** The same for one application. */
export function logoutsOfApplication(
  db: Queryable,
  { accountId, clientId }: { accountId: string; clientId: string },
): Promise<Logout[]> {
  return db.query(`${toldOfEnds} and s.client_id = $2`, [accountId, clientId]);
}

/** When the session last signed in to the application, exactly; undefined when nothing is noted. */
export async function whenSignedIn(
  db: Queryable,
  { clientId, sid }: Logout,
): Promise<string | undefined> {
  const [row] = await db.query<{ at: string }>(
    'select signed_in_at::text as at from client_sessions where client_id = $1 and sid = $2',
    [clientId, sid],
  );
  return row?.at;
}

/**
 * The application was told, and nothing is left there of that session, unless it has signed in anew
 * while it was told.
 *
 * @param signedInAt as `whenSignedIn` said before
 */
export async function forgetClientSession(
  db: Queryable,
  { clientId, sid, signedInAt }: Logout & { signedInAt: string },
): Promise<void> {
  await db.query(
    `delete from client_sessions
      where client_id = $1 and sid = $2 and signed_in_at = $3::timestamptz`,
    [clientId, sid, signedInAt],
  );
}

/** When a code of this session was last redeemed by the application, in seconds since the epoch. */
export async function lastSignIn(
  db: Queryable,
  { sessionUid, clientId }: { sessionUid: string; clientId: string },
): Promise<number | undefined> {
  const [row] = await db.query<{ at: number }>(
    `select extract(epoch from signed_in_at)::float8 as at from client_sessions
      where session_uid = $1 and client_id = $2`,
    [sessionUid, clientId],
  );
  return row?.at;
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
