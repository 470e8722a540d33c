import { z } from 'zod';
import type { Transaction } from '../../database/database.ts';
import { DesiredState } from '../../entities/desired-state.ts';
import { awaitEntities } from '../../entities/entities.store.ts';
import { adoptRooms, type ImportedRoom } from '../../entities/import.store.ts';
import { creatorRole } from '../../entities/roles.ts';
import { entityTypes } from '../../entities/room.ts';
import { holdersOfRoomIds, type RoomSnapshot } from '../../entities/snapshots.store.ts';
import {
  dateOrDateTime,
  matrixRoomId,
  multilineText,
  printable,
  userSlug,
  yesOrNo,
} from './fields.ts';
import type { Fault, ImportContext, ImportKind, Line, Verdict } from './kind.ts';
import { Observation } from './observed.ts';
import { stampOf } from './stamp.ts';

const entityLine = z.object({
  entityType: z.enum(entityTypes),
  entitySlug: printable,
  name: printable.optional(),
  topic: multilineText.optional(),
  avatarUrl: z.url({ protocol: /^(?:https|mxc)$/ }).optional(),
  creatorSlug: userSlug.optional(),
  encrypted: yesOrNo.optional(),
  roomId: matrixRoomId.optional(),
  occurredAt: dateOrDateTime.optional(),
});
type EntityLine = z.infer<typeof entityLine>;
type Lines = readonly Line<EntityLine>[];

export const entities: ImportKind<EntityLine> = {
  columns: {
    ...{ type: 'entityType', entitytype: 'entityType', slug: 'entitySlug' },
    ...{ entityslug: 'entitySlug', name: 'name', topic: 'topic', description: 'topic' },
    ...{ avatarurl: 'avatarUrl', creatorslug: 'creatorSlug', encrypted: 'encrypted' },
    ...{ roomid: 'roomId', matrixroomid: 'roomId', occurredat: 'occurredAt' },
  },
  schema: entityLine,
  subject: ({ entityType, entitySlug }) => JSON.stringify([entityType, entitySlug]),
  claim: ({ roomId }) => roomId,
  work: importEntities,
};

/** The same statements as the API's, said at the time of the file; and the rooms that exist already. */
async function importEntities(tx: Transaction, lines: Lines, context: ImportContext) {
  const { tenantId, config } = context;
  const all = lines.map((line) => entityOf(line, tenantId));
  const observation = await Observation.begin(tx, tenantId, all);
  const faults = await roomFaults(tx, lines, observation);
  const sound = lines.filter((_, at) => !faults[at]);
  const entities = sound.map((line) => entityOf(line, tenantId));
  await awaitEntities(tx, entities);
  await adoptRooms(tx, tenantId, roomsToAdopt(sound, observation));
  const desiredState = await DesiredState.open(tx, {
    entities,
    awaiting: false,
    rooms: config.matrix.rooms,
    serverName: config.matrix.serverName,
  });
  const creators = sound.flatMap((line) => creatorOf(desiredState, line, context));
  await observation.watch(creators);
  await desiredState.readMembers(creators);
  const verdicts = lines.map(
    (line, at): Verdict => faults[at] ?? tell(desiredState, line, observation, context),
  );
  await desiredState.save();
  return { verdicts, changes: await observation.changes() };
}

function entityOf({ value: { entityType, entitySlug } }: Line<EntityLine>, tenantId: string) {
  return { tenantId, entityType, entitySlug };
}

function tell(
  desiredState: DesiredState,
  line: Line<EntityLine>,
  observation: Observation,
  context: ImportContext,
): Verdict {
  const entity = entityOf(line, context.tenantId);
  const known = observation.before(entity);
  const { roomId, name, topic, avatarUrl, creatorSlug, encrypted } = line.value;
  const fields = { name, topic, avatarUrl, creatorSlug, encrypted };
  const adopts = roomId !== undefined && known?.roomId !== roomId;
  if (adopts) desiredState.touch(entity);
  if (known && !adopts && isSaid({ ...fields, state: 'active' }, known)) return 'present';
  const stamp = stampOf(line.value, context);
  const news = desiredState.apply(entity, { stamp, fields, state: 'active' });
  if (!news && !adopts) return 'overruled';
  const role = creatorRole(entity.entityType);
  for (const key of creatorOf(desiredState, line, context))
    desiredState.applyToMember(key, { role, stamp });
  return 'changed';
}

/** Whether all that the line says is so already, whoever said it. */
function isSaid(fields: Readonly<Record<string, unknown>>, known: RoomSnapshot): boolean {
  const now: Readonly<Record<string, unknown>> = known;
  return Object.entries(fields).every(
    ([name, value]) => value === undefined || now[name] === value,
  );
}

/** Whoever made an entity belongs to it, as when the API is told of it. */
function creatorOf(
  desiredState: DesiredState,
  line: Line<EntityLine>,
  { tenantId }: ImportContext,
) {
  const { creatorSlug } = line.value;
  const room = desiredState.entity(entityOf(line, tenantId));
  if (!creatorSlug || !room) return [];
  return [{ room: room.id, memberTenantId: tenantId, member: creatorSlug }];
}

/** A room has one entity, and an entity one room. */
async function roomFaults(
  tx: Transaction,
  lines: Lines,
  observation: Observation,
): Promise<(Fault | undefined)[]> {
  const wanted = lines.flatMap(({ value }) => value.roomId ?? []);
  const holders = new Map(
    (await holdersOfRoomIds(tx, wanted)).map((holder) => [holder.roomId, holder.room]),
  );
  return lines.map(({ value }) => {
    const { roomId } = value;
    if (!roomId) return undefined;
    const known = observation.before(value);
    const holder = holders.get(roomId);
    if (holder && holder !== known?.id) return { reason: 'room_taken' };
    if (known?.roomId && known.roomId !== roomId) {
      return { reason: 'entity_has_room', message: `It has ${known.roomId}.` };
    }
    return undefined;
  });
}

function roomsToAdopt(lines: Lines, observation: Observation): ImportedRoom[] {
  const metadata = { legacy_room: true, migration_date: new Date().toISOString() };
  return lines.flatMap(({ value }) => {
    const { entityType, entitySlug, roomId } = value;
    if (!roomId || observation.before(value)?.roomId) return [];
    return [{ entityType, entitySlug, roomId, metadata }];
  });
}
