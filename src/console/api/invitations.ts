import { z } from 'zod';
import { addInvitation, type InviteDependencies } from '../../admission/add-invitation.ts';
import { endInvitation, invitationWithin } from '../../admission/find-invitation.ts';
import type { Invitation } from '../../admission/invitations.store.ts';
import { listInvitationsOf } from '../../admission/list.store.ts';
import { printable } from '../../api/route.ts';
import { answerOf, listAnswer, listQuery, wantedOf } from './lists.ts';
import { type AdminRoute, adminRoute, byId } from './route.ts';

const invitation = z
  .object({
    id: z.uuid(),
    tenantId: z.uuid(),
    state: z.enum(['open', 'used_up', 'expired', 'revoked']),
    uses: z.number(),
    usesLeft: z.number(),
    email: z.string().nullable().describe('Only for whoever proves this address.'),
    handle: z.string().nullable().describe('Kept for whoever comes by it.'),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Invitation' });

const found = invitation
  .extend({ usedBy: z.array(z.object({ accountId: z.uuid(), usedAt: z.iso.datetime() })) })
  .meta({ id: 'InvitationAndUses' });

const made = invitation
  .extend({
    link: z.string().describe('Told now and never again.'),
    mailed: z.boolean(),
  })
  .meta({ id: 'NewInvitation' });

const week = 7 * 24 * 3600;

const order = z.strictObject({
  tenant: printable.describe('Slug, domain or id.'),
  uses: z.int().min(1).max(10_000).default(1).describe('How many accounts it makes.'),
  seconds: z
    .int()
    .min(3600)
    .max(366 * 24 * 3600)
    .default(week)
    .describe('How long it works.'),
  email: printable.optional(),
  handle: printable.optional(),
  send: z.boolean().default(false).describe('Whether it is mailed to the address.'),
  language: printable.optional().describe('Of the mail.'),
});

export function invitationRoutes(parts: InviteDependencies): AdminRoute[] {
  const { database } = parts;
  return [
    adminRoute({
      method: 'get',
      path: '/invitations',
      operation: 'listInvitations',
      summary: 'Invitations, newest first',
      scope: 'admin:read',
      query: listQuery(['createdAt'], { tenantId: z.uuid().optional() }),
      answer: { status: 200, description: 'A page of them', schema: listAnswer(invitation) },
      problems: { 400: ['cursor_invalid'] },
      async handle({ authority, query }) {
        const page = await listInvitationsOf(database, authority, query, wantedOf(query));
        return answerOf(page, query, shown);
      },
    }),
    adminRoute({
      method: 'get',
      path: '/invitations/{id}',
      operation: 'getInvitation',
      summary: 'An invitation, and which accounts came by it',
      scope: 'admin:read',
      params: byId,
      answer: { status: 200, description: 'The invitation', schema: found },
      problems: { 404: ['invitation_not_found'] },
      async handle({ authority, params }) {
        const { usedBy, ...one } = await invitationWithin(database, authority, params.id);
        const uses = usedBy.map((use) => ({ ...use, usedAt: use.usedAt.toISOString() }));
        return { ...shown(one), usedBy: uses };
      },
    }),
    adminRoute({
      method: 'post',
      path: '/invitations',
      operation: 'addInvitation',
      summary: 'Makes a link by which people join',
      scope: 'admin:write',
      body: order,
      answer: { status: 201, description: 'The invitation with its link', schema: made },
      problems: {
        400: ['email_invalid', 'email_missing', 'uses_invalid', 'handle_invalid'],
        404: ['tenant_not_found'],
        409: ['handle_taken', 'handle_unavailable'],
      },
      async handle({ authority, body }) {
        const { link, mailed, ...one } = await addInvitation(parts, authority, body);
        return { ...shown(one), link, mailed };
      },
    }),
    adminRoute({
      method: 'delete',
      path: '/invitations/{id}',
      operation: 'revokeInvitation',
      summary: 'Ends an invitation, and frees the handle that it keeps',
      scope: 'admin:write',
      params: byId,
      answer: { status: 200, description: 'The invitation as it is now', schema: invitation },
      problems: { 404: ['invitation_not_found'] },
      async handle({ authority, params }) {
        return shown(await endInvitation(database, authority, params.id));
      },
    }),
  ];
}

function shown({ emailKey: _key, ...one }: Invitation): z.input<typeof invitation> {
  return {
    ...one,
    createdAt: one.createdAt.toISOString(),
    expiresAt: one.expiresAt.toISOString(),
    revokedAt: one.revokedAt?.toISOString() ?? null,
  };
}
