import type { EntityState, RoomOrigin, RoomType, StrangerPolicy } from '../../entities/room.ts';

/** What the platform says of somebody who has a Matrix user of ours. */
export type Person = {
  userId: string;
  accountId: string;
  /**
   * - `in`: belongs
   * - `waits`: belongs, but may not use Matrix now; stays where they are
   * - `out`: has no role any more
   * - `banned`
   * - `unsaid`: was banned before the entity was deleted, and nothing is said since
   */
  place: 'in' | 'waits' | 'out' | 'banned' | 'unsaid';
  level: number;
  /** When the platform said so: milliseconds since the epoch. */
  since: number;
};

export type Administrator = { userId: string; level: number };

export type Picture =
  | { state: 'none' }
  | { state: 'there'; mxc: string }
  /** To be fetched from there and given to Synapse. */
  | { state: 'elsewhere'; url: string }
  /** Not ours to say, or what we were given turned out to be no picture. */
  | { state: 'unsaid' };

/** A list of people whose removal waits for an operator. */
export type HeldRemovals = { count: number; digest: string; at: string; users: string[] };

/** A room as it should be: what the platform stated, with the operator's settings. */
export type Desired = {
  /** Of the row. */
  id: string;
  tenantId: string;
  type: RoomType;
  slug: string;
  state: EntityState;
  origin: RoomOrigin;
  /** What is null here is not ours to say. */
  name: string | null;
  topic: string | null;
  picture: Picture;
  /** Of `com.openmeet.room.metadata`. */
  metadata: Readonly<Record<string, unknown>>;
  encrypted: boolean;
  purge: boolean;
  strangers: StrangerPolicy;
  /** The whole of it: `#localpart:server`. */
  alias: string | null;
  roomId: string | null;
  formerRoomId: string | null;
  /** Whoever belonged before belongs no more, and neither does the room of that time. */
  membersSince: number;
  people: readonly Person[];
  administrators: readonly Administrator[];
  /** Of the tenant's space, for its rooms. */
  spaceRoomId: string | null;
  /** Rooms in it, for a space. */
  children: readonly string[];
  held: HeldRemovals | null;
  confirmed: string | null;
  /** In the tenant: people with a role, and how many were taken out within this hour. */
  tenantPeople: number;
  tenantRemoved: number;
  wantedVersion: string;
};
