import { isDeepStrictEqual } from 'node:util';
import type { EntityState, RoomType } from '../../entities/room.ts';
import { type Actual, type Content, creatorsHavePower } from './actual.ts';
import type { Desired } from './desired.ts';

/** The content of `m.room.power_levels`. */
export type PowerLevels = Content & {
  users: Readonly<Record<string, number>>;
  events: Readonly<Record<string, number>>;
};

/** A bot at this level, and not above all levels, cannot take it from somebody else again. */
export const highest = 100;

const eventLevels: Readonly<Record<string, number>> = {
  'm.room.power_levels': 100,
  'm.room.join_rules': 100,
  'm.room.guest_access': 100,
  'm.room.history_visibility': 100,
  'm.room.encryption': 100,
  'm.room.tombstone': 100,
  'm.room.server_acl': 100,
  'm.room.canonical_alias': 100,
  'm.space.child': 100,
  'com.openmeet.room.metadata': 100,
  'm.room.name': 75,
  'm.room.topic': 75,
  'm.room.avatar': 75,
  'm.room.pinned_events': 50,
};

/**
 * From version 12 on creators are above all levels, and what only they may do is above everybody who
 * can be listed: a room that somebody else upgraded is theirs for good (MSC4289).
 */
const aboveAll = 150;

function levelsOfEvents(version: string): Record<string, number> {
  return { ...eventLevels, ...(creatorsHavePower(version) && { 'm.room.tombstone': aboveAll }) };
}

function namedLevels(type: RoomType, state: EntityState) {
  const silent = type === 'space' ? highest : 50;
  return {
    users_default: 0,
    events_default: type === 'space' || state === 'cancelled' ? silent : 0,
    state_default: 75,
    invite: 75,
    kick: 50,
    ban: 50,
    redact: 50,
  };
}

/** What levels a new room begins with. `version` decides what can be taken back from somebody. */
export function firstLevels(desired: Desired, bot: string, version: string): PowerLevels {
  const above = creatorsHavePower(version);
  return {
    ...namedLevels(desired.type, desired.state),
    events: levelsOfEvents(version),
    users: {
      ...(!above && { [bot]: highest }),
      ...listed(levelsOfPeople(desired), above ? highest : highest - 1),
    },
  };
}

export function levelIn(actual: Actual, userId: string): number {
  if (actual.creators.has(userId)) return Number.POSITIVE_INFINITY;
  const levels = actual.state('m.room.power_levels');
  if (!levels) return actual.created?.by === userId ? highest : 0;
  return numbers(levels.users)[userId] ?? (Number(levels.users_default ?? 0) || 0);
}

/** Everybody who is to have a level, be it 0: members and administrators, the higher one wins. */
function levelsOfPeople({ people, administrators }: Desired): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  const banned = new Set(people.filter(({ place }) => place === 'banned').map((who) => who.userId));
  for (const { userId, level, place } of people) {
    if (place === 'in' || place === 'waits') levels.set(userId, level);
  }
  for (const { userId, level } of administrators) {
    if (!banned.has(userId)) levels.set(userId, Math.max(level, levels.get(userId) ?? 0));
  }
  return levels;
}

export type LevelsPlan = {
  /** Nothing when the levels are right already. */
  content?: PowerLevels;
  /** People whose level changes. */
  changed: number;
  /** Whose level cannot be changed by the bot. */
  untouchable: readonly string[];
};

/**
 * Levels as they should be: those of members as the platform says, nothing for whoever is to go, and
 * everybody else's as they are. What is as high as the bot itself stays.
 *
 * @param gone whether somebody who is neither member nor administrator has to lose their level
 */
export function planLevels(
  desired: Desired,
  actual: Actual,
  bot: string,
  gone: (userId: string) => boolean,
): LevelsPlan {
  const power = levelIn(actual, bot);
  const current: Content = actual.state('m.room.power_levels') ?? {};
  const before = numbers(current.users);
  const wanted = levelsOfPeople(desired);
  const users = listed(wanted, power > highest ? highest : power - 1);
  for (const [userId, level] of Object.entries(before)) {
    if (userId === bot || (!wanted.has(userId) && !gone(userId))) users[userId] = level;
  }
  const untouchable = Object.keys(before).filter(
    (userId) => before[userId] !== users[userId] && (before[userId] ?? 0) >= power,
  );
  for (const userId of untouchable) users[userId] = before[userId] ?? 0;
  // Creators are above all levels, and Synapse refuses a list that names one.
  for (const userId of actual.creators) delete users[userId];
  const content = {
    ...current,
    ...within(power, namedLevels(desired.type, desired.state), numbers(current)),
    events: within(power, wantedEvents(desired, actual, power), numbers(current.events)),
    users,
  };
  const ids = new Set([...Object.keys(before), ...Object.keys(users)]);
  return {
    ...(!isDeepStrictEqual(content, current) && { content }),
    changed: [...ids].filter((userId) => before[userId] !== users[userId]).length,
    untouchable,
  };
}

/** Whoever has the default needs no mention. */
function listed(levels: ReadonlyMap<string, number>, ceiling: number): Record<string, number> {
  const mentioned = [...levels].filter(([, level]) => level !== 0);
  return Object.fromEntries(mentioned.map(([id, level]) => [id, Math.min(level, ceiling)]));
}

/** Levels of other events stay, but where they could let people write who must not. */
function wantedEvents(
  { type, state }: Desired,
  actual: Actual,
  power: number,
): Record<string, number> {
  const open = type !== 'space' && state !== 'cancelled';
  const before = numbers(actual.state('m.room.power_levels')?.events);
  const wanted = Object.entries(levelsOfEvents(actual.created?.version ?? '1'));
  // A bot that did not make the room cannot raise anything above itself.
  const possible = wanted.map(([name, level]) => [name, Math.min(level, power)] as const);
  return { ...(open && before), ...Object.fromEntries(possible) };
}

/** Nobody may change a level that is above their own. */
function within<T extends Record<string, number>>(
  power: number,
  wanted: T,
  before: Readonly<Record<string, number>>,
): T {
  const kept = Object.entries(before).filter(([name, level]) => name in wanted && level > power);
  return { ...wanted, ...Object.fromEntries(kept) };
}

/** Rooms of old versions may hold them as strings. */
function numbers(levels: unknown): Record<string, number> {
  const entries = Object.entries((levels ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries
      .map(([key, level]) => [key, Number(level)] as const)
      .filter(([, n]) => Number.isInteger(n)),
  );
}
