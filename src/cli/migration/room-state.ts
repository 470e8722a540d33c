import { isDeepStrictEqual } from 'node:util';
import { record } from '../../events.ts';
import type { HomeserverRooms } from '../../matrix/rooms/homeserver-rooms.ts';
import type { Cli } from '../run.ts';
import { type Change, inverse } from './change.ts';
import { openHomeserver } from './homeserver.ts';
import type { Recording } from './recording.ts';

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
  { database, rooms }: Pick<Cli, 'database'> & { rooms: HomeserverRooms },
  { roomId, type, before, after }: StateChange,
  recording: Recording,
): Promise<void> {
  await recording.append([{ kind: 'room_state', key: [roomId, type], before, after }]);
  await rooms.setState(roomId, type, '', after);
  const detail = { roomId, type };
  await record(database, { action: 'migration.room_state_set', actor: 'operator', detail });
}

/**
 * Sets a state event back as it was. Matrix keeps no room without an event that it once had: one that
 * was not there becomes empty.
 */
export async function undoRoomState(
  cli: Cli,
  change: Change,
  recording: Recording | undefined,
): Promise<'undone' | 'present' | 'changed_since' | 'room_missing'> {
  const { rooms } = await openHomeserver(cli);
  const [roomId = '', type = ''] = change.key;
  const events = await rooms.readState(roomId);
  if (!events) return 'room_missing';
  const current = events.find((it) => it.type === type && it.state_key === '')?.content ?? {};
  if (isDeepStrictEqual(current, change.before ?? {})) return 'present';
  if (!isDeepStrictEqual(current, change.after ?? {})) return 'changed_since';
  if (!recording) return 'undone';
  await recording.append([inverse(change)]);
  await rooms.setState(roomId, type, '', change.before ?? {});
  const detail = { roomId, type };
  await record(cli.database, { action: 'migration.room_state_set', actor: 'operator', detail });
  return 'undone';
}
