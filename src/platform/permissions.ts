import { z } from 'zod';
import type { Client } from '../clients/clients.store.ts';
import { entityByRoomId } from '../entities/entities.store.ts';
import { overrideLevel } from '../entities/member-calls.ts';
import { highestOfTenantClients } from '../entities/roles.ts';
import { AppError } from '../errors.ts';
import { memberOf, memberWithSync, shownChange, userSlug, userTenantId } from './member-record.ts';
import { type RoomDependencies, roomAfter, waitQuery } from './room-record.ts';
import { recordRoom } from './rooms.ts';
import { type InternalRoute, internalRoute } from './route.ts';

export function permissionRoutes(parts: RoomDependencies): InternalRoute[] {
  return [postPermission(parts)];
}

function postPermission(parts: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'post',
    path: '/matrix/permissions',
    operation: 'postPermission',
    summary: 'Gives a member a power level of their own, until their role next changes',
    description: `Above ${highestOfTenantClients} only for clients of all tenants. To keep somebody out, give them the role \`banned\`: no power level does that.`,
    scope: 'members:write',
    query: waitQuery,
    body: z.strictObject({
      roomId: z.string().min(1).max(255).describe("Matrix's id of the room."),
      userSlug,
      userTenantId,
      powerLevel: z.number().int().min(-1).max(100).describe('From 0 to 100.'),
      tenantId: z.uuid().optional(),
    }),
    answer: { status: 200, description: 'The member now', schema: memberWithSync },
    problems: {
      400: ['power_level_is_no_ban'],
      403: ['power_level_forbidden'],
      404: ['room_not_found', 'member_not_found', 'account_not_found'],
      409: ['room_deleted', 'member_banned'],
    },
    async handle({ ctx, client, query, body, tenantId }) {
      const { database, provisioning } = parts;
      const { powerLevel } = body;
      checkLevel(client, powerLevel);
      const entity = await entityByRoomId(database, tenantId, body.roomId);
      if (!entity) throw new AppError('room_not_found');
      const whom = await memberOf(database, client, tenantId, body);
      const change = await database.transaction(async (tx) => {
        const made = await overrideLevel({ ...parts, tx }, entity, { ...whom, powerLevel });
        await recordRoom(tx, client, 'room.level_set', tenantId, made.id, { powerLevel });
        return made;
      });
      return shownChange(change, whom, await roomAfter(parts, change, query, ctx), provisioning);
    },
  });
}

function checkLevel({ allTenants }: Client, powerLevel: number): void {
  if (powerLevel < 0) {
    throw new AppError('power_level_is_no_ban', {
      message: 'A level of -1 keeps nobody out: give the member the role "banned" instead.',
    });
  }
  if (powerLevel > highestOfTenantClients && !allTenants) {
    throw new AppError('power_level_forbidden', {
      message: `Only a client of all tenants may give more than ${highestOfTenantClients}.`,
    });
  }
}
