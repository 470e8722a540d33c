import type { Queryable } from '../database/database.ts';

/** Removes a batch of invitations, requests to join, merges and tickets that are of no use any more. */
export async function removeExpiredWaysIn(db: Queryable): Promise<number> {
  let removed = 0;
  for (const statement of statements) removed += (await db.query(statement)).length;
  return removed;
}

const statements = [
  // Shown in lists for a month after their end: who let whom in is asked then, if ever.
  `delete from invitations where id in (select id from invitations
    where expires_at < now() - interval '30 days' limit 5000) returning 1`,
  `delete from sign_up_requests where id in (select id from sign_up_requests
    where expires_at < now() limit 5000) returning 1`,
  `delete from account_merges where id in (select id from account_merges
    where expires_at < now() limit 5000) returning 1`,
  `delete from handoff_tickets where id in (select id from handoff_tickets
    where expires_at < now() limit 5000) returning 1`,
];
