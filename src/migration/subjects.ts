import { lockPlatformNames } from '../accounts/guests.store.ts';
import { changePlatformNames } from '../accounts/platform-identity.ts';
import type { Transaction } from '../database/database.ts';
import { membershipsChanged } from '../entities/move-memberships.ts';
import { unqueueSync } from '../entities/queue-sync.ts';
import {
  deleteEmptyRooms,
  deleteMembershipRows,
  lockSnapshotsById,
  type MembershipSnapshot,
  membershipSnapshots,
  putMembershipSnapshots,
  putRoomSnapshots,
  type RoomSnapshot,
} from '../entities/snapshots.store.ts';
import type { ChangeKind } from './change.ts';
import { handleRows, removeUnusedImports } from './handle-rows.store.ts';
import { lockIdentities, type PlatformIdentity, tenantsOfAccounts } from './identities.store.ts';

export type Key = readonly string[];
export type Value = Readonly<Record<string, unknown>>;
/** What a thing is to be; null for not being there. */
export type Target = { key: Key; value: Value | null };

/** One kind of thing in the database that a rollback sets back. */
export type Subject = {
  /** What there is now, locked until the transaction ends, by `placeOf` its key. */
  read(tx: Transaction, keys: readonly Key[]): Promise<Map<string, Value>>;
  /** @returns those that could not be made so, because something hangs on them */
  write(tx: Transaction, targets: readonly Target[]): Promise<Key[]>;
};

export const placeOf = (key: Key): string => JSON.stringify(key);

const first = (key: Key): string => key[0] ?? '';

const room: Subject = {
  async read(tx, keys) {
    const rows = await lockSnapshotsById(tx, keys.map(first));
    return new Map(rows.map((row) => [placeOf([row.id]), row]));
  },
  async write(tx, targets) {
    const gone = targets.filter(({ value }) => value === null).map(({ key }) => key);
    const deleted = await deleteEmptyRooms(tx, gone.map(first));
    await unqueueSync(tx, deleted);
    const there = targets.flatMap(({ value }) => (value ? [value as RoomSnapshot] : []));
    await putRoomSnapshots(tx, there);
    await membershipsChanged(
      tx,
      there.map(({ id }) => id),
    );
    return gone.filter((key) => !deleted.includes(first(key)));
  },
};

const memberKey = ([room = '', memberTenantId = '', member = '']: Key) => ({
  room,
  memberTenantId,
  member,
});

const membership: Subject = {
  async read(tx, keys) {
    const members = keys.map(memberKey);
    await lockSnapshotsById(
      tx,
      members.map((it) => it.room),
    );
    const rows = await membershipSnapshots(tx, members);
    return new Map(rows.map((row) => [placeOf([row.room, row.memberTenantId, row.member]), row]));
  },
  async write(tx, targets) {
    await deleteMembershipRows(
      tx,
      targets.filter(({ value }) => value === null).map(({ key }) => memberKey(key)),
    );
    await putMembershipSnapshots(
      tx,
      targets.flatMap(({ value }) => (value ? [value as MembershipSnapshot] : [])),
    );
    await membershipsChanged(tx, [...new Set(targets.map(({ key }) => first(key)))].toSorted());
    return [];
  },
};

const platformIdentity: Subject = {
  async read(tx, keys) {
    const ids = keys.map(first);
    for (const tenantId of await tenantsOfAccounts(tx, ids)) {
      await lockPlatformNames(tx, tenantId);
    }
    const rows = await lockIdentities(tx, ids);
    return new Map(
      rows.map(({ id, platformUserId, platformSlug }) => [
        placeOf([id]),
        { platformUserId, platformSlug },
      ]),
    );
  },
  async write(tx, targets) {
    const ids = targets.map(({ key }) => first(key));
    const accounts = new Map((await lockIdentities(tx, ids)).map((it) => [it.id, it]));
    for (const { key, value } of targets) {
      const account = accounts.get(first(key));
      if (!account) continue;
      await changePlatformNames(tx, account, value as PlatformIdentity);
    }
    return [];
  },
};

/** An entry of an import is only ever taken back, never made anew or changed. */
const handle: Subject = {
  async read(tx, keys) {
    const rows = await handleRows(tx, keys.map(first));
    return new Map(rows.map(({ handle, ...row }) => [placeOf([handle]), row]));
  },
  async write(tx, targets) {
    const gone = targets.filter(({ value }) => value === null).map(({ key }) => first(key));
    const removed = await removeUnusedImports(tx, gone);
    return targets.map(({ key }) => key).filter((key) => !removed.includes(first(key)));
  },
};

export const subjects: Readonly<Record<Exclude<ChangeKind, 'room_state'>, Subject>> = {
  room,
  membership,
  platform_identity: platformIdentity,
  handle,
};
