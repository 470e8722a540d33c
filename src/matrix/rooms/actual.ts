import type { Queryable } from '../../database/database.ts';
import { familiarHandles } from './desired.store.ts';
import type { Desired } from './desired.ts';
import type { StateEvent } from './endpoints.ts';
import type { HomeserverRooms } from './homeserver-rooms.ts';

export type Content = Readonly<Record<string, unknown>>;
export type Membership = 'join' | 'invite' | 'knock' | 'leave' | 'ban';

export type Member = {
  membership: Membership;
  /** Who made it so: oneself when one joined or left by oneself. */
  sender: string;
  /** Milliseconds since the epoch. */
  at: number;
};

/** A room as Synapse has it. */
export type Actual = {
  roomId: string;
  /** Nothing when its creation never came that far. */
  created?: { by: string; at: number; version: string; row?: string };
  /** From version 12 on they are above all levels, and never listed in them. */
  creators: ReadonlySet<string>;
  members: ReadonlyMap<string, Member>;
  /** Users of bridges: kept by their application service, never strangers. */
  bridged: ReadonlySet<string>;
  /** Users whom nobody expects there, of the room's tenant or once named for the room. */
  familiar: ReadonlySet<string>;
  /** The content of a state event, but for members. */
  state(type: string, stateKey?: string): Content | undefined;
  /** The keys of all events of a type whose content is not empty. */
  keys(type: string): readonly string[];
};

/** Where the row of a room is written in its `m.room.create`, so that it is known again. */
export const rowKey = 'com.openmeet.room';

/** Nothing when Synapse has no such room. One call, but for users whom nobody expects there. */
export async function readActual(
  { db, rooms, settings, isBridged }: Sources,
  { id, roomId, tenantId, people, administrators, strangers }: Sought,
): Promise<Actual | undefined> {
  const events = await rooms.readState(roomId);
  if (!events) return undefined;
  const actual = actualOf(roomId, events);
  if (strangers === 'keep') return actual;
  const known = [...people, ...administrators].map(({ userId }) => userId);
  const expected = new Set([settings.bot, ...known]);
  const unexpected = [...actual.members]
    .filter(([id, { membership }]) => !['leave', 'ban'].includes(membership) && !expected.has(id))
    .map(([id]) => id);
  if (unexpected.length === 0) return actual;
  const bridged = new Set<string>();
  for (const userId of unexpected) if (await isBridged(userId)) bridged.add(userId);
  const localpart = (userId: string) => userId.slice(1, -settings.serverName.length - 1);
  const local = unexpected.filter((userId) => userId.endsWith(`:${settings.serverName}`));
  const handles = await familiarHandles(db, { id, tenantId }, local.map(localpart));
  const familiar = new Set(local.filter((userId) => handles.has(localpart(userId))));
  return { ...actual, bridged, familiar };
}

type Sources = {
  db: Queryable;
  rooms: HomeserverRooms;
  settings: { bot: string; serverName: string };
  isBridged(userId: string): Promise<boolean>;
};

type Sought = Pick<Desired, 'id' | 'tenantId' | 'people' | 'administrators' | 'strangers'> & {
  roomId: string;
};

export function actualOf(roomId: string, events: readonly StateEvent[]): Actual {
  const states = new Map<string, Content>();
  const members = new Map<string, Member>();
  const place = (type: string, key: string) => `${type}\n${key}`;
  let created: Actual['created'];
  for (const { type, state_key: key, content, sender, origin_server_ts: at } of events) {
    if (type === 'm.room.member') {
      members.set(key, { membership: content.membership as Membership, sender, at });
      continue;
    }
    states.set(place(type, key), content);
    if (type === 'm.room.create') created = { by: sender, at, ...creation(content) };
  }
  return {
    roomId,
    created,
    creators: creatorsOf(created, states.get(place('m.room.create', ''))),
    members,
    bridged: new Set(),
    familiar: new Set(),
    state: (type, stateKey = '') => states.get(place(type, stateKey)),
    keys: (type) =>
      [...states]
        .filter(([at, content]) => at.startsWith(`${type}\n`) && Object.keys(content).length > 0)
        .map(([at]) => at.slice(type.length + 1)),
  };
}

/** What the room was made with. */
export function createContent(actual: Actual): Content {
  return actual.state('m.room.create') ?? {};
}

function creation(content: Content) {
  const { room_version: version, [rowKey]: row } = content;
  return {
    version: typeof version === 'string' ? version : '1',
    ...(typeof row === 'string' && { row }),
  };
}

/** MSC4289, since version 12. */
export function creatorsHavePower(version: string): boolean {
  return Number(version) >= 12 || version.startsWith('org.matrix.hydra');
}

function creatorsOf(created: Actual['created'], content: Content = {}): ReadonlySet<string> {
  if (!created || !creatorsHavePower(created.version)) return new Set();
  const additional = content.additional_creators;
  return new Set([created.by, ...(Array.isArray(additional) ? additional : [])]);
}
