import type { Database, Queryable } from '../../database/database.ts';
import type { RoomSettings } from '../../entities/room.ts';
import type { Synapse } from '../synapse.ts';
import { HomeserverRooms } from './homeserver-rooms.ts';
import type { PlanSettings } from './plan.ts';

/** @throws Error when there is no picture to be had */
export type FetchPicture = (url: string) => Promise<Blob>;

export type RoomTaskOptions = {
  database: Database;
  synapse: Synapse;
  serverName: string;
  settings: RoomSettings;
  fetchPicture: FetchPicture;
  /** How long Synapse is given to finish a room that somebody else asked for; 15 seconds unless given. */
  settlingMs?: number;
};

/** What work on one room needs. */
export type RoomDependencies = {
  /** The session that holds the room's lock, where there is one. */
  db: Queryable;
  rooms: HomeserverRooms;
  settings: RoomSettings & PlanSettings;
  /** Whether the user belongs to an application service. */
  isBridged(userId: string): Promise<boolean>;
  fetchPicture: FetchPicture;
  settlingMs: number;
  /** How often the room's picture was tried before. */
  pictureTries: number;
};

export type OpenRoomDependencies = (
  db: Queryable,
  pictureTries?: number,
) => Promise<RoomDependencies>;

/** Of users who were asked about. */
const mostKnown = 10_000;

/** Remembers, for as long as the process lives, who the bot is and who came over a bridge. */
export function roomDependencies(options: RoomTaskOptions): OpenRoomDependencies {
  const { synapse, serverName, fetchPicture, settlingMs = 15_000 } = options;
  const rooms = new HomeserverRooms(synapse);
  let bot: string | undefined;
  const known = new Map<string, boolean>();

  async function isBridged(userId: string) {
    if (!userId.endsWith(`:${serverName}`)) return false;
    let answer = known.get(userId);
    if (answer === undefined) {
      answer = Boolean((await rooms.readUser(userId))?.appservice_id);
      if (known.size >= mostKnown) known.clear();
      known.set(userId, answer);
    }
    return answer;
  }

  return async (db, pictureTries = 0) => {
    bot ??= await rooms.whoAmI();
    if (!bot.endsWith(`:${serverName}`)) {
      throw new Error(`MATRIX_ACCESS_TOKEN belongs to ${bot}, which is not of ${serverName}`);
    }
    const settings = { ...options.settings, serverName, bot };
    return { db, rooms, settings, isBridged, fetchPicture, settlingMs, pictureTries };
  };
}
