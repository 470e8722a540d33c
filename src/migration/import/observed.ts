import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '../../database/database.ts';
import type { MemberKey } from '../../entities/memberships.store.ts';
import type { RoomType } from '../../entities/room.ts';
import {
  lockSnapshots,
  type MembershipSnapshot,
  membershipSnapshots,
  type RoomSnapshot,
} from '../../entities/snapshots.store.ts';
import type { Change } from '../change.ts';

type Entity = { entityType: RoomType; entitySlug: string };

/** Tells what became of rooms and their members within one transaction. */
export class Observation {
  readonly #tx: Transaction;
  readonly #tenantId: string;
  readonly #entities: readonly Entity[];
  readonly #rooms: ReadonlyMap<string, RoomSnapshot>;
  #members: readonly MemberKey[] = [];
  #memberships: ReadonlyMap<string, MembershipSnapshot> = new Map();

  private constructor(
    tx: Transaction,
    tenantId: string,
    entities: readonly Entity[],
    rooms: readonly RoomSnapshot[],
  ) {
    this.#tx = tx;
    this.#tenantId = tenantId;
    this.#entities = entities;
    this.#rooms = new Map(
      rooms.map((room) => [JSON.stringify([room.entityType, room.entitySlug]), room]),
    );
  }

  /** To be begun before anything is done. */
  static async begin(tx: Transaction, tenantId: string, entities: readonly Entity[]) {
    const rooms = await lockSnapshots(tx, tenantId, entities);
    return new Observation(tx, tenantId, entities, rooms);
  }

  /** As it was when this began. */
  before({ entityType, entitySlug }: Entity): RoomSnapshot | undefined {
    return this.#rooms.get(JSON.stringify([entityType, entitySlug]));
  }

  /** From now on these members, too. */
  async watch(members: readonly MemberKey[]): Promise<void> {
    this.#members = members;
    const found = await membershipSnapshots(this.#tx, members);
    this.#memberships = new Map(found.map((it) => [placeOf(it), it]));
  }

  async changes(): Promise<Change[]> {
    const rooms = await lockSnapshots(this.#tx, this.#tenantId, this.#entities);
    const members = await membershipSnapshots(this.#tx, this.#members);
    const all: Change[] = [
      ...rooms.map((after) => ({
        kind: 'room' as const,
        key: [after.id],
        before: this.before(after) ?? null,
        after,
      })),
      ...members.map((after) => ({
        kind: 'membership' as const,
        key: [after.room, after.memberTenantId, after.member],
        before: this.#memberships.get(placeOf(after)) ?? null,
        after,
      })),
    ];
    return all.filter(({ before, after }) => !isDeepStrictEqual(before, after));
  }
}

function placeOf({ room, memberTenantId, member }: MemberKey): string {
  return JSON.stringify([room, memberTenantId, member]);
}
