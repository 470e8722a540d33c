import type { Queryable } from '../../database/database.ts';
import { roomPriority } from '../../jobs/catalogue.ts';
import { addJobCall } from '../../jobs/enqueue.ts';
import type { RelevantEvents } from './events.ts';

/** @returns false when it was received before; waits for another instance that just receives it */
export async function markReceived(tx: Queryable, id: string): Promise<boolean> {
  const rows = await tx.query(
    'insert into appservice_transactions (id) values ($1) on conflict do nothing returning id',
    [id],
  );
  return rows.length > 0;
}

/**
 * Has the worker look at our rooms among these, a second from now: what happens until then is seen by
 * the same look. A job that waits already keeps its time, so that a stream of changes cannot put it
 * off. That somebody joined who belongs there is no change.
 */
export async function queueChangedRooms(
  tx: Queryable,
  changes: RelevantEvents['changes'],
  serverName: string,
): Promise<void> {
  await tx.query(
    `select ${addJobCall(
      'sync-room',
      { room: 'id', pictureTries: '0' },
      { run_at: "now() + interval '1 second'", job_key_mode: "'preserve_run_at'", priority: '$3' },
    )}
      from entities where state <> 'awaited' and id in (
        select entity
          from unnest($1::text[], $2::text[]) as change (room_id, joined)
          join matrix_rooms using (room_id)
          join entities on entities.id = entity
          where joined is null or not exists (
            select from handles
              join accounts on accounts.id = handles.account_id
              join memberships on memberships.account_id = accounts.id
                or (member_tenant_id = accounts.tenant_id and member = platform_slug)
              where lower(handle) = lower(joined) and handles.state = 'active'
                and memberships.room = entity and role <> 'banned' and not awaiting_confirmation
                and occurred_at > members_since
                and (entities.cross_tenant or member_tenant_id = entities.tenant_id)))
      order by id`,
    [
      changes.map(({ roomId }) => roomId),
      changes.map(({ joined }) => joined && localpartOf(joined, serverName)),
      roomPriority.reported,
    ],
  );
}

/** The bot goes only where a link waits for it. */
export async function queueInvitations(tx: Queryable, roomIds: readonly string[]): Promise<void> {
  await tx.query(
    `select ${addJobCall('join-linked-room', { roomId: 'room_id' })}
      from room_links where room_id = any ($1) and expires_at > now()
      group by room_id`,
    [roomIds],
  );
}

/** Of each person in a room the last one counts. */
export async function queueCommands(
  tx: Queryable,
  commands: RelevantEvents['commands'],
): Promise<void> {
  await tx.query(
    `select ${addJobCall(
      'confirm-room-link',
      { roomId: 'room_id', eventId: 'event_id' },
      { keyed: { sender: 'sender' } },
    )}
      from unnest($1::text[], $2::text[], $3::text[]) as command (room_id, event_id, sender)
      where exists (select from room_links where room_links.room_id = command.room_id)`,
    [
      commands.map(({ roomId }) => roomId),
      commands.map(({ eventId }) => eventId),
      commands.map(({ sender }) => sender),
    ],
  );
}

/** Empty, which is nobody's handle, for a user of another server. */
function localpartOf(userId: string, serverName: string): string {
  const end = `:${serverName}`;
  return userId.endsWith(end) ? userId.slice(1, -end.length) : '';
}
