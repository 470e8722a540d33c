import type { Queryable } from '../../database/database.ts';
import { fullAlias, roomName } from '../../entities/names.ts';
import { administrators, banned, levelOf } from '../../entities/roles.ts';
import type { RoomSettings, RoomType } from '../../entities/room.ts';
import { matrixId } from '../../handles/rules.ts';
import {
  administratorsOf,
  findRoomRow,
  type PersonRow,
  peopleOfRoom,
  peopleOfSpace,
  type RoomRow,
  roomsOfSpace,
} from './desired.store.ts';
import type { Desired, Person, Picture } from './desired.ts';

export type DesireSettings = Pick<RoomSettings, 'names' | 'spaces' | 'strangers'> & {
  serverName: string;
};

/** A room as it should be now; nothing when there is no such row. */
export async function readDesired(
  db: Queryable,
  room: string,
  settings: DesireSettings,
): Promise<Desired | undefined> {
  const row = await findRoomRow(db, room);
  if (!row) return undefined;
  const { serverName } = settings;
  const { tenantId, type } = row;
  const isSpace = type === 'space';
  const people = isSpace ? await peopleOfSpace(db, tenantId) : await peopleOfRoom(db, room);
  const { id, slug, state, origin, encrypted, purge, roomId, formerRoomId } = row;
  const { held, confirmed, tenantPeople, tenantRemoved, wantedVersion } = row;
  return {
    ...{ id, tenantId, type, slug, state, origin, encrypted, purge, roomId, formerRoomId },
    ...{ held, confirmed, tenantPeople, tenantRemoved, wantedVersion },
    name: nameOf(row, settings),
    topic: row.topic ?? (origin === 'made' ? '' : null),
    picture: pictureOf(row),
    metadata: metadataOf(row),
    strangers: row.strangers ?? settings.strangers,
    alias: row.alias && fullAlias(row.alias, serverName),
    membersSince: row.membersSince ?? Number.NEGATIVE_INFINITY,
    people: people.map((person) => personOf(person, type, serverName)),
    administrators: (await administratorsOf(db, tenantId)).map(({ handle, platform }) => ({
      userId: matrixId(handle, serverName),
      level: administrators[platform ? 'platform.admin' : 'tenant.admin'],
    })),
    spaceRoomId: settings.spaces && !isSpace ? row.spaceRoomId : null,
    children: isSpace ? await roomsOfSpace(db, tenantId) : [],
  };
}

function personOf(row: PersonRow, type: RoomType, serverName: string): Person {
  const { handle, accountId, role, powerLevel, since } = row;
  const level = role === null || role === banned ? 0 : (powerLevel ?? levelOf(type, role));
  return { userId: matrixId(handle, serverName), accountId, place: placeOf(row), level, since };
}

function placeOf({ role, allowed, outdated }: PersonRow): Person['place'] {
  if (outdated) return 'unsaid';
  if (role === null) return 'out';
  if (role === banned) return 'banned';
  return allowed ? 'in' : 'waits';
}

/** A room that was there before keeps the name it has, unless the platform gives another. */
function nameOf(row: RoomRow, settings: DesireSettings): string | null {
  const { type, slug, name, tenantSlug } = row;
  if (type === 'space') return row.tenantName;
  if (name === null && row.origin !== 'made') return null;
  return roomName(settings, { entityType: type, entitySlug: slug, name, tenantSlug });
}

function pictureOf({ avatarUrl, avatarSource, avatarMxc, origin }: RoomRow): Picture {
  if (avatarUrl === null) return { state: origin === 'made' ? 'none' : 'unsaid' };
  if (avatarUrl.startsWith('mxc://')) return { state: 'there', mxc: avatarUrl };
  if (avatarSource !== avatarUrl) return { state: 'elsewhere', url: avatarUrl };
  return avatarMxc ? { state: 'there', mxc: avatarMxc } : { state: 'unsaid' };
}

/** What is known of a room from before it was ours wins: its entity may be a guess. */
function metadataOf({ type, slug, tenantId, creatorSlug, metadata }: RoomRow) {
  return {
    entity_type: type,
    entity_slug: slug,
    tenant_id: tenantId,
    ...(creatorSlug !== null && { created_by: creatorSlug }),
    ...metadata,
  };
}
