import { z } from 'zod';
import { printable } from '../api/route.ts';
import { requestLink, unlink } from '../entities/links.ts';
import type { RoomSettings } from '../entities/room.ts';
import { AppError } from '../errors.ts';
import { matrixId } from '../handles/rules.ts';
import { entityOf, entityParams, entityPath, type RoomDependencies } from './room-record.ts';
import { type InternalRoute, internalRoute } from './route.ts';

type Parts = Omit<RoomDependencies, 'rooms'> & { rooms: Pick<RoomSettings, 'botLocalpart'> };

const scope = 'rooms:write';
const path = `${entityPath}/link` as const;

const link = z
  .object({
    roomId: z.string(),
    bot: z.string().describe('To be invited to the room, and made an administrator of it.'),
    command: z
      .string()
      .describe('What an administrator of the room then says there. It is shown only now.'),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'RoomLink' });

const roomId = printable
  .regex(/^![^\s]+$/, 'must be the id of a room, such as !opaque:matrix.example')
  .describe('Of a room in which people of our homeserver are. An alias will not do.');

export function roomLinkRoutes(parts: Parts): InternalRoute[] {
  return [postLink(parts), deleteLink(parts)];
}

function postLink({ database, serverName, provisioning, rooms }: Parts): InternalRoute {
  return internalRoute({
    method: 'post',
    path,
    operation: 'postRoomLink',
    summary: 'Begins to link a room that exists to an entity without one',
    description:
      'Nothing is linked until an administrator of the room has invited the bot and said the command there; asking again makes a new command. The bot never comes uninvited. Nobody is removed from a linked room until an operator has confirmed the list.',
    scope,
    params: entityParams,
    body: z.strictObject({ roomId, tenantId: z.uuid().optional() }),
    answer: { status: 201, description: 'What to do in the room', schema: link },
    problems: { 409: ['room_exists', 'room_linked_elsewhere', 'provisioning_off'] },
    budget: { limit: 60, seconds: 60 },
    async handle({ client, tenantId, params, body }) {
      if (!provisioning) {
        const message = 'There is no bot: no worker has a token for Synapse.';
        throw new AppError('provisioning_off', { message });
      }
      const order = {
        ...{ entity: entityOf(params, tenantId), roomId: body.roomId },
        requestedBy: client.id,
      };
      const { code, expiresAt } = await database.transaction((tx) => requestLink(tx, order));
      return {
        roomId: body.roomId,
        bot: matrixId(rooms.botLocalpart, serverName),
        command: `!openmeet link ${code}`,
        expiresAt: expiresAt.toISOString(),
      };
    },
  });
}

function deleteLink({ database }: Parts): InternalRoute {
  return internalRoute({
    method: 'delete',
    path,
    operation: 'deleteRoomLink',
    summary: 'Lets go of a linked room, or of a link that waits',
    description:
      'The bot takes its mark off the room and leaves; people and history stay. The entity has no room then, until the platform tells of it anew.',
    scope,
    params: entityParams,
    answer: {
      status: 200,
      description: 'The room that was let go of',
      schema: z.object({ roomId: z.string() }),
    },
    problems: { 409: ['room_not_linked'] },
    async handle({ client, tenantId, params }) {
      const entity = entityOf(params, tenantId);
      const order = { entity, actor: client.id, clientId: client.id };
      return { roomId: await database.transaction((tx) => unlink(tx, order)) };
    },
  });
}
