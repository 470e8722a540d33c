import type { Queryable } from '../database/database.ts';

/** A session of ours that began with one of somebody else's. */
export type UpstreamSession = {
  connection: string;
  issuer: string;
  subject: string;
  sid: string | null;
  sessionUid: string;
  accountId: string;
};

export async function insertUpstreamSession(
  db: Queryable,
  session: UpstreamSession,
): Promise<void> {
  await db.query(
    `insert into upstream_sessions (connection, issuer, subject, sid, session_uid, account_id)
      values ($1, $2, $3, $4, $5, $6)
      on conflict (connection, session_uid) do update set issuer = excluded.issuer,
        subject = excluded.subject, sid = excluded.sid, account_id = excluded.account_id`,
    [
      session.connection,
      session.issuer,
      session.subject,
      session.sid,
      session.sessionUid,
      session.accountId,
    ],
  );
}

/**
 * Takes the sessions that a logout names: those of one session there, of everyone with the subject,
 * or of both where it names both (OIDC Back-Channel Logout 1.0 §2.6).
 */
export function takeUpstreamSessions(
  tx: Queryable,
  ended: { connection: string; issuer: string; subject?: string; sid?: string },
): Promise<{ sessionUid: string; accountId: string }[]> {
  return tx.query(
    `delete from upstream_sessions
      where connection = $1 and issuer = $2 and ($3::text is null or subject = $3)
        and ($4::text is null or sid = $4)
      returning session_uid as "sessionUid", account_id as "accountId"`,
    [ended.connection, ended.issuer, ended.subject ?? null, ended.sid ?? null],
  );
}

/** They go with the session of ours. */
export async function removeOrphanedUpstreamSessions(db: Queryable): Promise<void> {
  await db.query(
    `delete from upstream_sessions u where u.created_at < now() - interval '1 day'
      and not exists (select from oidc_artifacts s where s.uid = u.session_uid)`,
  );
}
