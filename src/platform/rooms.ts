import { z } from 'zod';
import { printable } from '../api/route.ts';
import type { AuditAction } from '../audit/actions.ts';
import { record } from '../audit/events.ts';
import type { Client } from '../clients/clients.store.ts';
import type { Queryable } from '../database/database.ts';
import { changeEntity, endEntity, openEntity, retryEntity } from '../entities/calls.ts';
import { entityTypes } from '../entities/room.ts';
import { memberOf, userSlug } from './member-record.ts';
import {
  entityOf,
  entityParams,
  entityPath,
  type RoomDependencies,
  roomAfter,
  roomRecord,
  shownRoom,
  waitQuery,
} from './room-record.ts';
import { type InternalRoute, internalRoute, pathSlug } from './route.ts';

const scope = 'rooms:write';

const tenantId = z.uuid().optional();
export const name = printable.describe('As people see it; the room is named by a template.');
export const topic = z
  .string()
  .max(4000)
  .regex(/^(?:\P{C}|[\n\t])*$/u, 'must not hold control characters');
export const avatarUrl = z
  .string()
  .max(2048)
  .regex(/^(?:https?|mxc):\/\/[\x21-\x7e]+$/, 'must be an https, http or mxc address');
const encrypted = z.boolean().describe('Cannot be turned off again once there is a room.');
const crossTenant = z.boolean().describe('Whether people of other tenants may belong.');

const answer = { status: 200, description: 'What is stored now', schema: roomRecord } as const;

export function roomRoutes(parts: RoomDependencies): InternalRoute[] {
  return [postRoom(parts), patchRoom(parts), deleteRoom(parts), syncRoomAgain(parts)];
}

function postRoom(parts: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'post',
    path: '/matrix/rooms',
    operation: 'postRoom',
    summary: 'Says that an entity exists: it gets its room',
    description:
      'Asked again, it answers with the same room; what is given and differs is changed, what is not given stays, and nobody who left is put back. A deleted entity begins anew.',
    scope,
    query: waitQuery,
    body: z.strictObject({
      entityType: z.enum(entityTypes),
      entitySlug: pathSlug,
      creatorSlug: userSlug.describe('Becomes the first member, with the role of a creator.'),
      tenantId,
      name: name.nullable().optional(),
      topic: topic.nullable().optional(),
      avatarUrl: avatarUrl.nullable().optional(),
      encrypted: encrypted.optional(),
      crossTenant: crossTenant.optional(),
    }),
    answer,
    problems: { 404: ['account_not_found'], 409: ['encryption_is_permanent'] },
    async handle({ ctx, client, query, body, ...call }) {
      const { entityType, entitySlug, tenantId: _, ...order } = body;
      const entity = { tenantId: call.tenantId, entityType, entitySlug };
      await memberOf(parts.database, client, call.tenantId, { userSlug: order.creatorSlug });
      const change = await parts.database.transaction(async (tx) => {
        const { began, ...made } = await openEntity({ ...parts, tx }, entity, order);
        if (began) await recordRoom(tx, client, 'room.told', entity.tenantId, made.id);
        return made;
      });
      return shownRoom(await roomAfter(parts, change, query, ctx), parts);
    },
  });
}

function patchRoom(parts: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'patch',
    path: entityPath,
    operation: 'patchRoom',
    summary: 'Changes name, topic, picture or state of an entity',
    description: 'What is not given stays; null takes a field away.',
    scope,
    params: entityParams,
    query: waitQuery,
    body: z.strictObject({
      tenantId,
      name: name.nullable().optional(),
      topic: topic.nullable().optional(),
      avatarUrl: avatarUrl.nullable().optional(),
      encrypted: encrypted.optional(),
      crossTenant: crossTenant.optional(),
      state: z
        .enum(['active', 'cancelled'])
        .optional()
        .describe('`cancelled`: only those who lead it may still write.'),
    }),
    answer,
    problems: { 404: ['room_not_found'], 409: ['room_deleted', 'encryption_is_permanent'] },
    async handle({ ctx, client, params, query, body, ...call }) {
      const { tenantId: _, ...order } = body;
      const entity = entityOf(params, call.tenantId);
      const change = await parts.database.transaction(async (tx) => {
        const changed = await changeEntity({ ...parts, tx }, entity, order);
        await recordRoom(tx, client, 'room.changed', entity.tenantId, changed.id);
        return changed;
      });
      return shownRoom(await roomAfter(parts, change, query, ctx), parts);
    },
  });
}

function deleteRoom(parts: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'delete',
    path: entityPath,
    operation: 'deleteRoom',
    summary: 'Ends an entity: everybody is taken out of its room, the alias is free',
    scope,
    params: entityParams,
    query: waitQuery.extend({
      purge: z
        .enum(['true', 'false'])
        .optional()
        .describe('Whether what was written goes too. It is kept unless `true`.'),
    }),
    answer,
    problems: { 404: ['room_not_found'] },
    async handle({ ctx, client, params, query, tenantId }) {
      const entity = entityOf(params, tenantId);
      const purge = query.purge === 'true';
      const change = await parts.database.transaction(async (tx) => {
        const ended = await endEntity({ ...parts, tx }, entity, { purge });
        await recordRoom(tx, client, 'room.deleted', tenantId, ended.id, { purge });
        return ended;
      });
      return shownRoom(await roomAfter(parts, change, query, ctx), parts);
    },
  });
}

function syncRoomAgain(parts: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'post',
    path: `${entityPath}/sync`,
    operation: 'syncRoom',
    summary: 'Has Matrix made so again, also after we gave up',
    scope,
    params: entityParams,
    query: waitQuery,
    answer,
    problems: { 404: ['room_not_found'] },
    async handle({ ctx, params, query, tenantId }) {
      const entity = entityOf(params, tenantId);
      const change = await parts.database.transaction((tx) =>
        retryEntity({ ...parts, tx }, entity),
      );
      return shownRoom(await roomAfter(parts, change, query, ctx), parts);
    },
  });
}

/** By the row's own id: slugs of entities are not ours to keep for as long as an audit trail. */
export function recordRoom(
  tx: Queryable,
  { id: clientId }: Client,
  action: AuditAction,
  tenant: string,
  target: string,
  detail?: Record<string, string | number | boolean | null>,
): Promise<void> {
  return record(tx, { action, actor: clientId, clientId, tenantId: tenant, target, detail });
}
