import { z } from 'zod';
import {
  type EntityWithRoom,
  entityByKey,
  entityByRoomId,
  listEntities,
} from '../entities/entities.store.ts';
import { entityTypes } from '../entities/room.ts';
import { AppError } from '../errors.ts';
import {
  cursor,
  cursorOf,
  entityOf,
  entityParams,
  entityPath,
  limitQuery,
  type RoomDependencies,
  roomRecord,
  shownRoom,
} from './room-record.ts';
import { type InternalRoute, internalRoute } from './route.ts';

const scope = 'rooms:read';
const oneRoom = { status: 200, description: 'The room', schema: roomRecord } as const;

export function roomQueryRoutes(parts: RoomDependencies): InternalRoute[] {
  return [getRooms(parts), getRoomByEntity(parts), getRoomById(parts)];
}

function getRooms(parts: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'get',
    path: '/matrix/rooms',
    operation: 'getRooms',
    summary: 'Rooms of the tenant, page by page',
    scope,
    query: z.object({
      entityType: z.enum(entityTypes).optional(),
      state: z
        .enum(['awaited', 'active', 'cancelled', 'deleted'])
        .optional()
        .describe('All but deleted ones unless given.'),
      limit: limitQuery,
      after: cursor.optional(),
    }),
    answer: {
      status: 200,
      description: 'In the order of type and slug',
      schema: z.object({
        rooms: z.array(roomRecord),
        next: z.string().nullable().describe('To be given as `after`; null on the last page.'),
      }),
    },
    async handle({ tenantId, query: { entityType = null, state = null, after = null, limit } }) {
      const filter = { tenantId, entityType, state, after, limit: limit + 1 };
      const found = await listEntities(parts.database, filter);
      const rooms = found.slice(0, limit);
      const last = found.length > limit ? rooms.at(-1) : undefined;
      return {
        rooms: rooms.map((room) => shownRoom(room, parts)),
        next: last ? cursorOf([last.entityType, last.entitySlug]) : null,
      };
    },
  });
}

function getRoomByEntity(parts: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'get',
    path: entityPath,
    operation: 'getRoomByEntity',
    summary: 'The room of an entity',
    scope,
    params: entityParams,
    answer: oneRoom,
    problems: { 404: ['room_not_found'] },
    async handle({ params, tenantId }) {
      return shownRoom(found(await entityByKey(parts.database, entityOf(params, tenantId))), parts);
    },
  });
}

function getRoomById(parts: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'get',
    path: '/matrix/rooms/{roomId}',
    operation: 'getRoomById',
    summary: "The entity of a room, by Matrix's id of the room",
    scope,
    params: z.object({ roomId: z.string().min(1).max(255) }),
    answer: oneRoom,
    problems: { 404: ['room_not_found'] },
    async handle({ params, tenantId }) {
      return shownRoom(found(await entityByRoomId(parts.database, tenantId, params.roomId)), parts);
    },
  });
}

/** Another tenant's room looks as if there were none. */
function found(room: EntityWithRoom | undefined): EntityWithRoom {
  if (!room) throw new AppError('room_not_found');
  return room;
}
