import { z } from 'zod';
import { printable } from '../../api/route.ts';
import type { Database } from '../../database/database.ts';
import {
  letRemovalsHappen,
  reconcileRooms,
  roomWithin,
  runWithin,
  syncRoomNow,
} from '../../entities/administer.ts';
import { type FoundRoom, listRoomsOf } from '../../entities/found-rooms.store.ts';
import { fullAlias } from '../../entities/names.ts';
import { roomTypes } from '../../entities/room.ts';
import { answerOf, listAnswer, listQuery, wantedOf } from './lists.ts';
import { type AdminRoute, adminRoute, byId } from './route.ts';

type Parts = { database: Database; serverName: string };

const moment = z.iso.datetime().nullable();

const room = z
  .object({
    id: z.uuid(),
    tenantId: z.uuid(),
    type: z.enum(roomTypes),
    slug: z.string(),
    name: z.string().nullable(),
    topic: z.string().nullable(),
    state: z.string(),
    origin: z.string(),
    roomId: z.string().nullable().describe('Null until the room was made.'),
    alias: z.string().nullable(),
    formerRoomId: z.string().nullable(),
    encrypted: z.boolean(),
    crossTenant: z.boolean(),
    createdBy: z.string().nullable(),
    members: z.number(),
    synced: z.boolean().describe('Whether Synapse is as was last said.'),
    syncedAt: moment,
    checkedAt: moment,
    error: z.string().nullable(),
    errorAt: moment,
    removalsHeld: z.number().nullable().describe('How many people wait to be taken out.'),
    heldUsers: z.array(z.string()).nullable(),
    heldDigest: z.string().nullable().describe('Of that list: to be given back with a yes.'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Room' });

const problems = { 404: ['room_not_found'] };

export function roomRoutes({ database, serverName }: Parts): AdminRoute[] {
  const shown = (found: FoundRoom) => shownRoom(found, serverName);
  return [
    adminRoute({
      method: 'get',
      path: '/rooms',
      operation: 'listRooms',
      summary: 'Rooms of entities, newest first',
      scope: 'admin:read',
      query: listQuery(['createdAt'], {
        tenantId: z.uuid().optional(),
        type: z.enum(roomTypes).optional(),
        troubled: z
          .stringbool()
          .optional()
          .describe('Only those with an error, or with removals to confirm.'),
      }),
      answer: { status: 200, description: 'A page of them', schema: listAnswer(room) },
      problems: { 400: ['cursor_invalid'] },
      async handle({ authority, query }) {
        const page = await listRoomsOf(database, authority, query, wantedOf(query));
        return answerOf(page, query, shown);
      },
    }),
    adminRoute({
      method: 'get',
      path: '/rooms/{id}',
      operation: 'getRoom',
      summary: 'A room by the id of its entity',
      scope: 'admin:read',
      params: byId,
      answer: { status: 200, description: 'The room', schema: room },
      problems,
      handle: async ({ authority, params }) =>
        shown(await roomWithin(database, authority, params.id)),
    }),
    adminRoute({
      method: 'post',
      path: '/rooms/{id}/sync',
      operation: 'syncRoom',
      summary: 'Has a worker make the room as it should be now',
      scope: 'admin:write',
      params: byId,
      answer: { status: 202, description: 'It is queued', schema: room },
      problems,
      handle: async ({ authority, params }) =>
        shown(await syncRoomNow(database, authority, params.id)),
    }),
    adminRoute({
      method: 'post',
      path: '/rooms/{id}/confirm-removals',
      operation: 'confirmRemovals',
      summary: 'Lets people be taken out whose removal was held as too many',
      scope: 'admin:write',
      params: byId,
      body: z.strictObject({
        digest: printable.describe('`heldDigest` of the list you looked at.'),
      }),
      answer: { status: 202, description: 'It is queued', schema: room },
      problems: { ...problems, 409: ['nothing_held', 'removals_changed'] },
      handle: async ({ authority, params, body }) =>
        shown(await letRemovalsHappen(database, authority, params.id, body.digest)),
    }),
  ];
}

function shownRoom(
  { tenant: _tenant, strangers: _strangers, ...found }: FoundRoom,
  serverName: string,
): z.input<typeof room> {
  const at = (date: Date | null) => date?.toISOString() ?? null;
  return {
    ...found,
    alias: found.alias && fullAlias(found.alias, serverName),
    syncedAt: at(found.syncedAt),
    checkedAt: at(found.checkedAt),
    errorAt: at(found.errorAt),
    createdAt: found.createdAt.toISOString(),
  };
}

const run = z
  .object({
    id: z.uuid(),
    tenantId: z.uuid().nullable(),
    dryRun: z.boolean(),
    state: z.enum(['running', 'done', 'stopped']),
    total: z.number(),
    checked: z.number(),
    drifted: z.number(),
    mended: z.number(),
    failed: z.number(),
    requestedBy: z.string(),
    startedAt: z.iso.datetime(),
    endedAt: moment,
    rooms: z
      .array(
        z.object({
          id: z.uuid(),
          type: z.enum(roomTypes),
          slug: z.string(),
          roomId: z.string().nullable(),
          drift: z.record(z.string(), z.unknown()),
          synced: z.boolean(),
          error: z.string().nullable(),
        }),
      )
      .describe('Those that were not as they should be.'),
  })
  .meta({ id: 'ReconcileRun' });

/** The comparison of all rooms with what they should be. */
export function reconcileRoutes({ database }: Pick<Parts, 'database'>): AdminRoute[] {
  return [
    adminRoute({
      method: 'post',
      path: '/reconcile-runs',
      operation: 'startReconcile',
      summary: 'Has the workers compare rooms with what they should be, and mend them',
      scope: 'admin:write',
      body: z.strictObject({
        tenantId: z.uuid().nullable().default(null).describe('Null: of all tenants.'),
        dryRun: z.boolean().default(true).describe('Only says what it would do.'),
      }),
      answer: {
        status: 202,
        description: 'It is queued',
        schema: z.object({ id: z.uuid() }),
      },
      problems: { 403: ['administration_limited'], 404: ['tenant_not_found'] },
      handle: async ({ authority, body }) => ({
        id: await reconcileRooms(database, authority, body),
      }),
    }),
    adminRoute({
      method: 'get',
      path: '/reconcile-runs/{id}',
      operation: 'getReconcileRun',
      summary: 'How such a comparison stands, or how it went',
      scope: 'admin:read',
      params: byId,
      answer: { status: 200, description: 'The run', schema: run },
      problems: { 404: ['run_not_found'] },
      async handle({ authority, params }) {
        const { run: found, rooms } = await runWithin(database, authority, params.id);
        return {
          ...found,
          startedAt: found.startedAt.toISOString(),
          endedAt: found.endedAt?.toISOString() ?? null,
          rooms: rooms.map((one) => ({ ...one, drift: { ...one.drift } })),
        };
      },
    }),
  ];
}
