import type { Queryable } from '../database/database.ts';
import { endHandOffs } from '../handoff/tickets.store.ts';

/** The session with its grants and everything issued under them. */
export async function deleteSession(
  db: Queryable,
  { uid, accountId }: { uid: string; accountId: string },
): Promise<void> {
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

/**
 * Ends every session of an account with all its tokens and all that is on the way to one, except a
 * session that may go on.
 */
export async function endSessions(
  db: Queryable,
  accountId: string,
  keep?: { sessionUid: string },
): Promise<void> {
  await db.query(
    `delete from oidc_artifacts where account_id = $1
      and ($2::text is null or (uid is distinct from $2 and session_uid is distinct from $2
        and id not in (select z.value->>'grantId' from oidc_artifacts s,
          jsonb_each(coalesce(s.payload->'authorizations', '{}')) z where s.uid = $2)))`,
    [accountId, keep?.sessionUid ?? null],
  );
  await db.query(
    `delete from session_origins where account_id = $1
      and session_uid is distinct from $2`,
    [accountId, keep?.sessionUid ?? null],
  );
  // Whoever proved the address before must not go on from there: neither with the step that waits
  // for them, nor with the account that they made and have not set a password for.
  await db.query(
    `delete from sign_ins where account_id = $1 or pending_account_id = $1 or (proved_at is not null
      and email_key = (select email_key from accounts where id = $1))`,
    [accountId],
  );
  await endHandOffs(db, accountId);
}

/** Rows that say where a session came from go with their session. */
export async function removeOrphanedOrigins(db: Queryable): Promise<void> {
  await db.query(
    `delete from session_origins o where o.created_at < now() - interval '1 day'
      and not exists (select from oidc_artifacts s where s.uid = o.session_uid)`,
  );
}
