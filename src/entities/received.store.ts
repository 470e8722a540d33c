import type { Queryable } from '../database/database.ts';

/**
 * Notes that a client has reported these events.
 *
 * @returns those that it had not reported before. One that another transaction is noting right now
 *   is waited for.
 */
export async function receive(
  tx: Queryable,
  clientId: string,
  events: readonly string[],
): Promise<Set<string>> {
  const rows = await tx.query<{ event: string }>(
    `insert into received_events (client_id, event_id)
      select $1, event from unnest($2::text[]) as event order by event
      on conflict do nothing returning event_id as event`,
    [clientId, events],
  );
  return new Set(rows.map(({ event }) => event));
}
