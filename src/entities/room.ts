/** What platforms have: each of these may have one room. */
export const entityTypes = ['event', 'group', 'workspace', 'organization'] as const;
export type EntityType = (typeof entityTypes)[number];

/** A tenant's own space, which holds its rooms, is kept like a room. */
export const roomTypes = [...entityTypes, 'space'] as const;
export type RoomType = (typeof roomTypes)[number];

/**
 * - `awaited`: members are known, but nobody has told of the entity itself yet
 * - `cancelled`: only those who lead it may still write
 * - `deleted`: everybody is taken out, the alias is free
 */
export type EntityState = 'awaited' | 'active' | 'cancelled' | 'deleted';

/** How we came to a room: decides what the bot may do to it. */
export type RoomOrigin = 'made' | 'linked' | 'imported';

/** What becomes of people who are in a room by other means than the platform's statements. */
export type StrangerPolicy = 'keep' | 'remove';

/** Who may read what was written before: `m.room.history_visibility`. */
export type HistoryVisibility = 'joined' | 'invited' | 'shared';

/** Choices of the operator that hold for all rooms. */
export type RoomSettings = {
  /** Of Matrix's user for the bot: `@openmeet-bot:server`. */
  readonly botLocalpart: string;
  readonly historyVisibility: HistoryVisibility;
  readonly encryptedTypes: readonly EntityType[];
  readonly strangers: StrangerPolicy;
  /** Percent of a room's or tenant's people that may be taken out without being confirmed. */
  readonly removalShare: number;
  /** With `{name}`, `{slug}` and `{tenant}` in them. */
  readonly names: Readonly<Record<EntityType, string>>;
  /** Localparts of aliases, with `{slug}` and `{tenant}` in them. */
  readonly aliases: Readonly<Record<EntityType, string>>;
  /** Whether each tenant has a space with its rooms in it. */
  readonly spaces: boolean;
  /** Between two reconciliations of everything; 0 for never. */
  readonly reconcileHours: number;
};
