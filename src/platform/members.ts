import { z } from 'zod';
import { entityByKey } from '../entities/entities.store.ts';
import { removeMember, setMember, setMembers } from '../entities/member-calls.ts';
import { listMembers } from '../entities/memberships.store.ts';
import { AppError } from '../errors.ts';
import {
  member,
  memberOf,
  membersOf,
  memberWithSync,
  role,
  shownChange,
  shownMember,
  userSlug,
  userTenantId,
} from './member-record.ts';
import {
  cursor,
  cursorOf,
  entityOf,
  entityParams,
  entityPath,
  limitQuery,
  type RoomDependencies,
  roomAfter,
  shownSync,
  sync,
  waitQuery,
} from './room-record.ts';
import { recordRoom } from './rooms.ts';
import { type InternalRoute, internalRoute } from './route.ts';

const scope = 'members:write';
const tenantId = z.uuid().optional();
const memberPath = `${entityPath}/members/{userSlug}` as const;
const memberParams = entityParams.extend({ userSlug });
const answer = { status: 200, description: 'What is stored now', schema: memberWithSync } as const;

export function memberRoutes(parts: RoomDependencies): InternalRoute[] {
  return [getMembers(parts), putMembers(parts), putMember(parts), deleteMember(parts)];
}

function getMembers({ database }: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'get',
    path: `${entityPath}/members`,
    operation: 'getMembers',
    summary: 'Who belongs to an entity or is banned from it, page by page',
    scope: 'rooms:read',
    params: entityParams,
    query: z.object({ limit: limitQuery, after: cursor.optional() }),
    answer: {
      status: 200,
      description: 'As platforms said, also those who have not signed in to Matrix yet',
      schema: z.object({
        members: z.array(member),
        next: z.string().nullable().describe('To be given as `after`; null on the last page.'),
      }),
    },
    problems: { 404: ['room_not_found'] },
    async handle({ params, query: { limit, after = null }, ...call }) {
      const room = await entityByKey(database, entityOf(params, call.tenantId));
      if (!room) throw new AppError('room_not_found');
      const found = await listMembers(database, { room: room.id, after, limit: limit + 1 });
      const members = found.slice(0, limit);
      const last = found.length > limit ? members.at(-1) : undefined;
      return {
        members: members.map((it) => shownMember(it, room)),
        next: last ? cursorOf([last.memberTenantId, last.member]) : null,
      };
    },
  });
}

function putMember(parts: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'put',
    path: memberPath,
    operation: 'putMember',
    summary: 'Somebody belongs to an entity, with this role',
    description:
      'Also to an entity that nobody has told of yet, and also somebody who never signed in here: they are in the room as soon as both are there.',
    scope,
    params: memberParams,
    query: waitQuery,
    body: z.strictObject({ role, userTenantId, tenantId }),
    answer,
    problems: {
      400: ['role_unknown'],
      404: ['account_not_found'],
      409: ['room_deleted', 'cross_tenant_off'],
    },
    async handle({ ctx, client, params, query, body, ...call }) {
      const { database, provisioning } = parts;
      const entity = entityOf(params, call.tenantId);
      const named = { userSlug: params.userSlug, userTenantId: body.userTenantId };
      const whom = await memberOf(database, client, call.tenantId, named);
      const change = await database.transaction(async (tx) => {
        const made = await setMember({ ...parts, tx }, entity, { ...whom, role: body.role });
        const detail = { role: body.role };
        await recordRoom(tx, client, 'room.member_set', call.tenantId, made.id, detail);
        return made;
      });
      return shownChange(change, whom, await roomAfter(parts, change, query, ctx), provisioning);
    },
  });
}

function deleteMember(parts: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'delete',
    path: memberPath,
    operation: 'deleteMember',
    summary: 'Somebody has left an entity, or is banned from it no longer',
    scope,
    params: memberParams,
    query: waitQuery.extend({ userTenantId }),
    answer,
    problems: { 404: ['room_not_found', 'account_not_found'] },
    async handle({ ctx, client, params, query, ...call }) {
      const { database, provisioning } = parts;
      const entity = entityOf(params, call.tenantId);
      const named = { userSlug: params.userSlug, userTenantId: query.userTenantId };
      const whom = await memberOf(database, client, call.tenantId, named);
      const change = await database.transaction(async (tx) => {
        const made = await removeMember({ ...parts, tx }, entity, whom);
        await recordRoom(tx, client, 'room.member_removed', call.tenantId, made.id);
        return made;
      });
      return shownChange(change, whom, await roomAfter(parts, change, query, ctx), provisioning);
    },
  });
}

function putMembers(parts: RoomDependencies): InternalRoute {
  return internalRoute({
    method: 'put',
    path: `${entityPath}/members`,
    operation: 'putMembers',
    summary: 'These people and nobody else belong to an entity',
    description:
      'Whoever is missing from the list loses their role; bans stay, unless the list gives somebody banned another role.',
    scope,
    params: entityParams,
    query: waitQuery,
    body: z.strictObject({
      members: z.array(z.strictObject({ userSlug, role, userTenantId })).max(10_000),
      tenantId,
    }),
    bodyLimit: '4mb',
    answer: {
      status: 200,
      description: 'How many are as they were, and how many are not',
      schema: z.object({
        ...{ added: z.number(), changed: z.number(), removed: z.number(), unchanged: z.number() },
        sync,
      }),
    },
    problems: {
      400: ['role_unknown'],
      404: ['account_not_found'],
      409: ['room_deleted', 'cross_tenant_off'],
    },
    async handle({ ctx, client, params, query, body, ...call }) {
      const { database, provisioning } = parts;
      const entity = entityOf(params, call.tenantId);
      const listed = await membersOf(database, client, call.tenantId, body.members);
      const change = await database.transaction(async (tx) => {
        const { id, version, ...counts } = await setMembers({ ...parts, tx }, entity, listed);
        await recordRoom(tx, client, 'room.members_set', call.tenantId, id, counts);
        return { id, version, counts };
      });
      const room = await roomAfter(parts, change, query, ctx);
      return { ...change.counts, sync: shownSync(room, provisioning) };
    },
  });
}
