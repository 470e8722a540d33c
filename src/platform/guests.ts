import { z } from 'zod';
import { type EmailAddress, parseEmail } from '../accounts/email-address.ts';
import { type Guest, guestById } from '../accounts/guests.store.ts';
import { forgetGuest, keepGuest } from '../accounts/guests.ts';
import { printable } from '../api/route.ts';
import type { Database } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { displayName, isDisplayName } from '../text/display-name.ts';
import { trimUnseen } from '../text/unseen.ts';
import { type InternalRoute, internalRoute } from './route.ts';

type Parts = { database: Database };

const guest = z
  .object({
    id: z.uuid().describe('`account:<id>` is the guest as a member of rooms.'),
    tenantId: z.uuid(),
    email: z.string(),
    name: z.string(),
    platformUserId: z.string().nullable(),
    platformSlug: z.string().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Guest' });

const order = z.strictObject({
  email: z
    .string()
    .max(320)
    .refine((typed) => parseEmail(typed) !== undefined, {
      message: 'must be one plain email address',
    }),
  name: z
    .string()
    .max(255)
    .refine((typed) => isDisplayName(trimUnseen(typed), 255), {
      message: 'must be a name of which all can be seen',
    }),
  platformUserId: printable.optional(),
  platformSlug: printable.optional(),
  tenantId: z.uuid().optional(),
});

const byId = z.object({ id: z.uuid() });
const scope = 'guests:write';

export function guestRoutes(parts: Parts): InternalRoute[] {
  return [postGuest(parts), getGuest(parts), removeGuest(parts)];
}

function postGuest({ database }: Parts): InternalRoute {
  return internalRoute({
    method: 'post',
    path: '/guests',
    operation: 'postGuest',
    summary: 'Makes a guest: somebody known by name and address only',
    description:
      'The same address is the same guest. Says nothing of accounts: there is always a guest.',
    scope,
    body: order,
    answer: { status: 200, description: 'The guest, made now or before', schema: guest },
    problems: {
      400: ['platform_slug_reserved'],
      409: ['guest_conflict', 'platform_user_taken', 'platform_slug_taken'],
    },
    budget: { limit: 600, seconds: 60 },
    async handle({ body, tenantId, client }) {
      const { platformUserId, platformSlug } = body;
      const made = await database.transaction((tx) =>
        keepGuest(tx, {
          tenantId,
          address: parseEmail(body.email) as EmailAddress,
          name: displayName(body.name),
          platformUserId,
          platformSlug,
          clientId: client.id,
        }),
      );
      return shown(made);
    },
  });
}

function getGuest({ database }: Parts): InternalRoute {
  return internalRoute({
    method: 'get',
    path: '/guests/{id}',
    operation: 'getGuest',
    summary: 'A guest by id',
    description: 'Not found any more once the person has proved the address and become an account.',
    scope,
    params: byId,
    answer: { status: 200, description: 'The guest', schema: guest },
    problems: { 404: ['guest_not_found'] },
    async handle({ params, tenantId }) {
      return shown(found(await guestById(database, { id: params.id, tenantId })));
    },
  });
}

function removeGuest({ database }: Parts): InternalRoute {
  return internalRoute({
    method: 'delete',
    path: '/guests/{id}',
    operation: 'deleteGuest',
    summary: 'Forgets a guest, with what `account:<id>` was a member of',
    scope,
    params: byId,
    answer: { status: 200, description: 'The guest as it was', schema: guest },
    problems: { 404: ['guest_not_found'] },
    async handle({ params, tenantId, client }) {
      const order = { id: params.id, tenantId, clientId: client.id };
      return shown(await database.transaction((tx) => forgetGuest(tx, order)));
    },
  });
}

/** Another tenant's guest looks as if there were none. */
function found(known: Guest | undefined): Guest {
  if (!known) throw new AppError('guest_not_found');
  return known;
}

function shown(known: Guest): z.input<typeof guest> {
  return { ...known, createdAt: known.createdAt.toISOString() };
}
