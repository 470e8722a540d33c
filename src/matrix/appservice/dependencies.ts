import type { Database } from '../../database/database.ts';
import type { RoomSettings } from '../../entities/room.ts';
import { type Actual, actualOf } from '../rooms/actual.ts';
import { HomeserverRooms } from '../rooms/homeserver-rooms.ts';
import type { Synapse } from '../synapse.ts';
import { Conversation } from './conversation.ts';

export type AppserviceTaskOptions = {
  database: Database;
  synapse: Synapse;
  serverName: string;
  settings: RoomSettings;
};

/** What the work of linking rooms needs. */
export type LinkDependencies = {
  database: Database;
  rooms: HomeserverRooms;
  conversation: Conversation;
  serverName: string;
  settings: RoomSettings;
  /** The bot's Matrix ID: whoever the token is of. */
  whoAmI(): Promise<string>;
  /** The room as it is; nothing when no one of this server is in it. */
  look(roomId: string): Promise<Actual | undefined>;
};

export function linkDependencies(options: AppserviceTaskOptions): LinkDependencies {
  const { database, synapse, serverName, settings } = options;
  const rooms = new HomeserverRooms(synapse);
  let bot: string | undefined;
  return {
    ...{ database, rooms, serverName, settings },
    conversation: new Conversation(synapse),
    async whoAmI() {
      bot ??= await rooms.whoAmI();
      return bot;
    },
    async look(roomId) {
      const events = await rooms.readState(roomId);
      return events && actualOf(roomId, events);
    },
  };
}
