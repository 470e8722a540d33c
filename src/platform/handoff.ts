import { z } from 'zod';
import { printable } from '../api/route.ts';
import type { Database } from '../database/database.ts';
import { errors } from '../errors.ts';
import { issueTicket } from '../handoff/issue.ts';
import { refusals } from '../handoff/rules.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { accountIdBy } from './accounts.store.ts';
import { type InternalRoute, internalRoute } from './route.ts';

type Parts = { database: Database; fingerprints: Fingerprints; publicUrl: string };

const order = z
  .strictObject({
    userSlug: printable.optional().describe("The platform's slug of the person."),
    platformUserId: printable.optional().describe("The platform's id of the person."),
    accountId: z.uuid().optional().describe('The `sub` of the person.'),
    clientId: printable.optional().describe("The application; else the tenant's homeserver."),
    redirectUri: z
      .string()
      .max(2000)
      .describe('Where the browser goes on: the way to sign in at the application.'),
    tenantId: z.uuid().optional(),
  })
  .refine(
    ({ userSlug, platformUserId, accountId }) =>
      [userSlug, platformUserId, accountId].filter((it) => it !== undefined).length === 1,
    { message: 'exactly one of userSlug, platformUserId and accountId is needed' },
  );

const ticket = z
  .object({
    ticket: z.string().describe('For one browser, once. Never put it into an address or a log.'),
    expiresAt: z.iso.datetime(),
    action: z.url().describe('Where the browser posts the form field `ticket`.'),
  })
  .meta({ id: 'HandOffTicket' });

export function handOffRoute(parts: Parts): InternalRoute {
  return internalRoute({
    method: 'post',
    path: '/handoff',
    operation: 'createHandOffTicket',
    summary:
      'A ticket with which a signed-in user goes on at an application without signing in again',
    description:
      'Only for accounts that the platform has linked, never for administrators. The browser brings it within a minute, in a form.',
    scope: 'handoff:write',
    body: order,
    answer: { status: 201, description: 'The ticket', schema: ticket },
    problems: {
      400: ['client_required', 'redirect_uri_not_allowed'],
      403: codesOf(403),
      404: ['account_not_found', 'client_not_found'],
      409: ['client_not_for_handoff', ...codesOf(409)],
    },
    budget: { limit: 600, seconds: 60 },
    async handle({ body, tenantId, client }) {
      const { userSlug, platformUserId, clientId, redirectUri } = body;
      const name = userSlug ?? platformUserId;
      const filter = userSlug === undefined ? 'platformUserId' : 'platformSlug';
      const accountId =
        name === undefined
          ? body.accountId
          : await accountIdBy(parts.database, tenantId, filter, name);
      const issued = await issueTicket(parts, {
        ...{ issuer: client, tenantId, accountId, clientId, redirectUri },
      });
      return {
        ticket: issued.ticket,
        expiresAt: issued.expiresAt.toISOString(),
        action: `${parts.publicUrl}/handoff`,
      };
    },
  });
}

function codesOf(status: number): string[] {
  return refusals.filter((code) => errors[code] === status);
}
