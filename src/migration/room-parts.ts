import { type RoomDependencies, roomDependencies } from '../matrix/rooms/dependencies.ts';
import type { Homeserver } from './homeserver.ts';
import type { Target } from './target.ts';

/** What the worker's plan of a room needs, for commands that make the same plan. */
export function roomParts(
  { database, config }: Target,
  { synapse }: Homeserver,
): Promise<RoomDependencies> {
  const { serverName, rooms: settings } = config.matrix;
  const fetchPicture = () => Promise.reject(new Error('Pictures are fetched by the worker'));
  return roomDependencies({ database, synapse, serverName, settings, fetchPicture })(database);
}
