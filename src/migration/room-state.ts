import { isDeepStrictEqual } from 'node:util';
import { record } from '../audit/events.ts';
import type { HomeserverRooms } from '../matrix/rooms/homeserver-rooms.ts';
import { type Change, identityOf, inverse } from './change.ts';
import type { Recording } from './recording.ts';
import { withRetries } from './retries.ts';
import type { Value } from './subjects.ts';
import type { Target } from './target.ts';

type Content = Record<string, unknown>;

/** A state event of a room that is to be another. `before` is null where there was none. */
export type StateChange = {
  roomId: string;
  type: string;
  before: Content | null;
  after: Content;
};

/** Writes the state event, after its rollback line, and an audit row after it. */
export async function changeRoomState(
  { database, rooms }: Pick<Target, 'database'> & { rooms: HomeserverRooms },
  { roomId, type, before, after }: StateChange,
  recording: Recording,
): Promise<void> {
  await recording.append([{ kind: 'room_state', key: [roomId, type], before, after }]);
  await rooms.setState(roomId, type, '', after);
  const detail = { roomId, type };
  await record(database, { action: 'migration.room_state_set', actor: 'operator', detail });
}

/** What is to be done about a state event that was changed. */
export type StateVerdict = 'undone' | 'present' | 'changed_since' | 'room_missing';

/**
 * Sets a state event back as it was. Matrix keeps no room without an event that it once had: one that
 * was not there becomes empty.
 *
 * @param assumed what a dry run has set back already
 */
export async function undoRoomState(
  { database, rooms }: Pick<Target, 'database'> & { rooms: HomeserverRooms },
  change: Change,
  { recording, assumed }: { recording: Recording | undefined; assumed: Map<string, Value | null> },
): Promise<StateVerdict> {
  const [roomId = '', type = ''] = change.key;
  const before = change.before ?? {};
  const current = assumed.get(identityOf(change)) ?? (await contentOf(rooms, roomId, type));
  if (!current) return 'room_missing';
  if (isDeepStrictEqual(current, before)) return 'present';
  if (!isDeepStrictEqual(current, change.after ?? {})) return 'changed_since';
  if (!recording) {
    assumed.set(identityOf(change), before);
    return 'undone';
  }
  await recording.append([inverse(change)]);
  await rooms.setState(roomId, type, '', before);
  const detail = { roomId, type };
  await record(database, { action: 'migration.room_state_set', actor: 'operator', detail });
  return 'undone';
}

/** Nothing where Synapse has no such room. */
async function contentOf(rooms: HomeserverRooms, roomId: string, type: string) {
  const events = await withRetries(() => rooms.readState(roomId));
  return events && (events.find((it) => it.type === type && it.state_key === '')?.content ?? {});
}
