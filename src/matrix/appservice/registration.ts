import type { RoomSettings } from '../../entities/room.ts';
import { spaceAliasPrefix } from '../rooms/spaces.store.ts';

/** Part of what Synapse stores for the bot, and of the address by which it is pinged. */
export const appserviceId = 'openmeet-id';

/** As in "Registration" of the Application Service API: a file of Synapse's. */
export type Registration = {
  id: string;
  /** Where Synapse reports what happens in rooms. */
  url: string;
  /** By which we prove ourselves: MATRIX_ACCESS_TOKEN. */
  as_token: string;
  /** By which Synapse proves itself: MATRIX_HS_TOKEN. */
  hs_token: string;
  sender_localpart: string;
  rate_limited: boolean;
  'de.sorunome.msc2409.push_ephemeral': boolean;
  namespaces: Record<'users' | 'aliases' | 'rooms', { exclusive: boolean; regex: string }[]>;
};

export type RegistrationOptions = {
  url: string;
  asToken: string;
  hsToken: string;
  serverName: string;
  rooms: Pick<RoomSettings, 'botLocalpart' | 'aliases'>;
};

/**
 * The bot as an application service. It has nothing for itself but its own user and what the aliases
 * of its rooms begin with: a wider namespace of users would keep people from having their handles.
 */
export function registration(options: RegistrationOptions): Registration {
  const { url, asToken, hsToken, serverName, rooms } = options;
  const server = literally(`:${serverName}`);
  return {
    id: appserviceId,
    url,
    as_token: asToken,
    hs_token: hsToken,
    sender_localpart: rooms.botLocalpart,
    rate_limited: false,
    'de.sorunome.msc2409.push_ephemeral': false,
    namespaces: {
      users: [exclusive(`@${literally(rooms.botLocalpart)}${server}$`)],
      aliases: aliasPrefixes(rooms.aliases).map((prefix) =>
        exclusive(`#${literally(prefix)}.*${server}$`),
      ),
      rooms: [],
    },
  };
}

/** What aliases begin with before anything that a platform chose. */
function aliasPrefixes(templates: RoomSettings['aliases']): string[] {
  const prefixes = Object.values(templates).map((template) => template.replace(/\{.*/s, ''));
  return [...new Set([...prefixes, spaceAliasPrefix])];
}

/** Synapse matches from the start of an address, but not to its end. */
function exclusive(regex: string) {
  return { exclusive: true, regex };
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
