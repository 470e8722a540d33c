import type { Queryable } from '../database/database.ts';
import type { Changed } from './backend.ts';
import {
  awaitEntities,
  chooseAlias,
  type Entity,
  type EntityKey,
  type EntityWithRoom,
  lockEntities,
  saveEntities,
  tenantSlugs,
} from './entities.store.ts';
import {
  allMemberships,
  findMemberships,
  type MemberKey,
  type Membership,
  saveMemberships,
} from './memberships.store.ts';
import { aliasCandidates } from './names.ts';
import type { Stamp } from './order.ts';
import { queueSync } from './queue-sync.ts';
import type { RoomSettings } from './room.ts';
import {
  belongs,
  type Desired,
  type EntityStatement,
  withEntityStatement,
  withMemberStatement,
} from './statements.ts';

export type DesiredStateSettings = {
  rooms: Pick<RoomSettings, 'aliases' | 'encryptedTypes'>;
  serverName: string;
};

/** A room whose desired state is now another, and the version in which it is wanted. */
export type Change = { id: string; version: number };

type Opening = DesiredStateSettings & {
  entities: readonly EntityKey[];
  /** Whether entities that nobody has told of get a row. */
  awaiting: boolean;
};

/**
 * What is desired of some rooms, held by one transaction: statements are told to it, and saving writes
 * what they changed and queues the worker's part. Rooms are locked in one order for everybody, so
 * that transactions over several rooms never wait for each other in a circle.
 */
export class DesiredState {
  readonly #tx: Queryable;
  readonly #settings: DesiredStateSettings;
  readonly #rooms = new Map<
    string,
    { before: EntityWithRoom; now: EntityWithRoom; touched?: boolean }
  >();
  readonly #members = new Map<string, { before?: Membership; now?: Membership }>();
  readonly #also: Changed[] = [];

  private constructor(
    tx: Queryable,
    settings: DesiredStateSettings,
    rooms: readonly EntityWithRoom[],
  ) {
    this.#tx = tx;
    this.#settings = settings;
    for (const room of rooms) this.#rooms.set(keyOf(room), { before: room, now: room });
  }

  static async open(
    tx: Queryable,
    { entities, awaiting, ...settings }: Opening,
  ): Promise<DesiredState> {
    if (awaiting) await awaitEntities(tx, entities);
    return new DesiredState(tx, settings, await lockEntities(tx, entities));
  }

  /** As it is desired with all that was told. */
  entity(key: EntityKey): EntityWithRoom | undefined {
    return this.#rooms.get(keyOf(key))?.now;
  }

  /** To be called before anything is told of these members. */
  async readMembers(keys: readonly MemberKey[]): Promise<void> {
    for (const key of keys) this.#members.set(keyOfMember(key), {});
    for (const known of await findMemberships(this.#tx, keys)) this.#know(known);
  }

  async readAllMembers(room: Pick<Entity, 'id'>): Promise<Membership[]> {
    const all = await allMemberships(this.#tx, room.id);
    for (const known of all) this.#know(known);
    return all;
  }

  member(key: MemberKey): Membership | undefined {
    return this.#members.get(keyOfMember(key))?.now;
  }

  /** @returns whether the statement said anything new */
  apply(entity: EntityKey, statement: EntityStatement): boolean {
    const entry = this.#rooms.get(keyOf(entity));
    const desired = entry && withEntityStatement(entry.now, statement);
    if (!entry || desired === entry.now) return false;
    entry.now = { ...entry.now, ...desired };
    return true;
  }

  /** @returns whether the statement said anything new */
  applyToMember(key: MemberKey, statement: { role: string | null; stamp: Stamp }): boolean {
    const known = this.member(key);
    const belonging = withMemberStatement(known, statement);
    if (belonging === known) return false;
    const accountId = accountIn(key.member);
    const rest = known ?? { ...key, accountId, awaitingConfirmation: false };
    this.#members.set(keyOfMember(key), {
      before: this.#members.get(keyOfMember(key))?.before,
      now: { ...rest, ...belonging },
    });
    return true;
  }

  /** Somebody belongs as was known, level and all; who left the room by themselves comes back. */
  affirmMember(key: MemberKey, stamp: Stamp): void {
    const entry = this.#members.get(keyOfMember(key));
    if (entry?.now) entry.now = { ...entry.now, stamp };
  }

  /** A level instead of that of the role; the statement about the role stays the newest. */
  override(key: MemberKey, powerLevel: number): void {
    const entry = this.#members.get(keyOfMember(key));
    if (entry?.now) entry.now = { ...entry.now, powerLevel };
  }

  /** Has the worker look at the room even where nothing changed. */
  touch(entity: EntityKey): void {
    const entry = this.#rooms.get(keyOf(entity));
    if (entry) entry.touched = true;
  }

  /** Has the worker also look at these, whatever is told. */
  alsoSync(rooms: Changed): void {
    this.#also.push(rooms);
  }

  async save(): Promise<Change[]> {
    const memberships = [...this.#members.values()].filter(({ before, now }) => before !== now);
    const moved = this.#roomsMovedBy(memberships);
    const rooms = [...this.#rooms.values()].map((entry) => ({
      ...entry,
      now: this.#opened(entry),
    }));
    const changes = rooms
      .map(({ before, now, touched }) => ({
        ...asDesired(now),
        id: now.id,
        matters: Boolean(touched) || moved.has(now.id) || !sameWish(before, now),
        told: before !== now,
      }))
      .filter(({ matters, told }) => matters || told);
    const said = memberships.flatMap(({ now }) => now ?? []);
    if (said.length > 0) await saveMemberships(this.#tx, said);
    const versions = changes.length > 0 ? await saveEntities(this.#tx, changes) : [];
    await this.#chooseAliases(rooms.map(({ now }) => now));
    const wanted = new Set(changes.filter(({ matters }) => matters).map(({ id }) => id));
    await this.#queue(rooms.filter(({ now }) => now.state !== 'awaited' && wanted.has(now.id)));
    return versions.filter(({ id }) => wanted.has(id));
  }

  #roomsMovedBy(memberships: readonly { before?: Membership; now?: Membership }[]): Set<string> {
    const byId = new Map([...this.#rooms.values()].map((entry) => [entry.now.id, entry]));
    const moved = memberships.filter(({ before, now }) => {
      const room = now && byId.get(now.room);
      return room && effect(before, room.before) !== effect(now, room.now);
    });
    return new Set(moved.flatMap(({ now }) => now?.room ?? []));
  }

  #queue(rooms: readonly { now: EntityWithRoom }[]): Promise<void> {
    const also = this.#also;
    return queueSync(this.#tx, {
      ids: [...rooms.map(({ now }) => now.id), ...also.flatMap(({ ids = [] }) => ids)],
      tenantIds: also.flatMap(({ tenantIds = [] }) => tenantIds),
      everywhere: also.some(({ everywhere }) => everywhere),
    });
  }

  /** What a room gets when its entity begins, and nobody said otherwise. */
  #opened({ before, now }: { before: EntityWithRoom; now: EntityWithRoom }): EntityWithRoom {
    const begins = !isOpen(before) && isOpen(now);
    if (!begins || now.stamps.encrypted) return now;
    const encrypted = this.#settings.rooms.encryptedTypes.includes(now.entityType);
    return { ...now, encrypted };
  }

  async #chooseAliases(rooms: readonly EntityWithRoom[]): Promise<void> {
    // A room that was linked or imported keeps the names that it has.
    const nameless = rooms.filter((it) => isOpen(it) && it.alias === null && it.origin === 'made');
    if (nameless.length === 0) return;
    const slugs = await tenantSlugs(
      this.#tx,
      nameless.map(({ tenantId }) => tenantId),
    );
    for (const room of nameless) {
      const named = { ...room, tenantSlug: slugs.get(room.tenantId) ?? '' };
      const { rooms: settings, serverName } = this.#settings;
      await chooseAlias(this.#tx, room.id, aliasCandidates(settings, named, serverName));
    }
  }

  #know(known: Membership): void {
    this.#members.set(keyOfMember(known), { before: known, now: known });
  }
}

const account = /^account:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The id of an account or guest, where a member is named by it instead of by the platform's slug. */
export function accountIn(member: string): string | null {
  return account.exec(member)?.[1] ?? null;
}

function isOpen({ state }: Desired): boolean {
  return state === 'active' || state === 'cancelled';
}

function asDesired(room: Entity): Desired {
  const { state, name, topic, avatarUrl, creatorSlug, encrypted, crossTenant, purge } = room;
  const { stamps, membersSince } = room;
  return {
    ...{ state, name, topic, avatarUrl, creatorSlug, encrypted, crossTenant, purge },
    ...{ stamps, membersSince },
  };
}

/** Whether two say the same, whoever said it when. */
function sameWish(one: Entity, other: Entity): boolean {
  const [a, b] = [one, other].map((room) => JSON.stringify({ ...asDesired(room), stamps: null }));
  return a === b;
}

/** What the worker goes by: also since when, because who left before that is put back. */
function effect(membership: Membership | undefined, desired: Desired): string {
  if (!membership || !belongs(membership, desired)) return 'out';
  const { role, powerLevel, stamp } = membership;
  return `${role} ${powerLevel ?? ''} ${stamp.occurredAt}`;
}

function keyOf({ tenantId, entityType, entitySlug }: EntityKey): string {
  return JSON.stringify([tenantId, entityType, entitySlug]);
}

function keyOfMember({ room, memberTenantId, member }: MemberKey): string {
  return JSON.stringify([room, memberTenantId, member]);
}
