import type { Queryable } from '../database/database.ts';

type SessionRef = { uid: string; accountId: string };

export type Logout = { clientId: string; sid: string };

/**
 * A part of the statement that uses up a code, a row `used`: what it begins at an application is noted,
 * until the application was told that it is over (see `signOutEverywhere`).
 */
export const insertClientSession = `insert into client_sessions (client_id, sid, account_id, session_uid)
  select used.client_id, sid, account_id, session_uid from used
  join clients c on c.id = used.client_id and c.backchannel_logout_uri is not null
  where model in ('AuthorizationCode', 'DeviceCode') and sid is not null
    and account_id is not null and session_uid is not null
  on conflict (client_id, sid) do update set signed_in_at = now()`;

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
