import type { Queryable } from '../database/database.ts';

/** Removes a batch of what was kept only to recognise repetitions, or as history. */
export async function removeOldRoomTraces(db: Queryable): Promise<number> {
  let removed = 0;
  for (const statement of statements) removed += (await db.query(statement)).length;
  return removed;
}

const statements = [
  `delete from idempotency_keys where id in (
    select id from idempotency_keys where expires_at < now() limit 5000) returning 1`,
  // At-least-once senders give up long before; older repetitions lose by their time anyway.
  `delete from received_events where (client_id, event_id) in (
    select client_id, event_id from received_events
    where received_at < now() - interval '30 days' limit 5000) returning 1`,
  `delete from appservice_transactions where id in (
    select id from appservice_transactions
    where received_at < now() - interval '7 days' limit 5000) returning 1`,
  `delete from room_links where room in (
    select room from room_links where expires_at < now() limit 5000) returning 1`,
  `delete from tenant_removals where (tenant_id, hour) in (
    select tenant_id, hour from tenant_removals
    where hour < now() - interval '2 days' limit 5000) returning 1`,
  `delete from reconcile_runs where id in (
    select id from reconcile_runs
    where started_at < now() - interval '90 days' limit 5000) returning 1`,
];
