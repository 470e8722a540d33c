import { z } from 'zod';
import { answerRequest, requestWithin } from '../../admission/answer-request.ts';
import { listRequestsOf } from '../../admission/list.store.ts';
import type { SignUpRequest } from '../../admission/sign-up-requests.store.ts';
import type { Database } from '../../database/database.ts';
import type { QueueMail } from '../../mail/queue.ts';
import { answerOf, listAnswer, listQuery, wantedOf } from './lists.ts';
import { type AdminRoute, adminRoute, byId } from './route.ts';

const states = ['waiting', 'approved', 'refused'] as const;

const request = z
  .object({
    id: z.uuid(),
    tenantId: z.uuid(),
    state: z.enum(states),
    way: z.string().describe('How they proved who they are: `email`, or a way to sign in.'),
    email: z.string().nullable(),
    name: z.string().nullable(),
    decidedBy: z.string().nullable(),
    decidedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'SignUpRequest' });

const answered = request.extend({ mailed: z.boolean() }).meta({ id: 'AnsweredSignUpRequest' });

type Parts = { database: Database; publicUrl: string; queueMail: QueueMail };

/** Who asks to join a community that approves of newcomers. */
export function signUpRequestRoutes(parts: Parts): AdminRoute[] {
  const { database } = parts;
  return [
    adminRoute({
      method: 'get',
      path: '/sign-up-requests',
      operation: 'listSignUpRequests',
      summary: 'Requests to join, newest first; they end after 30 days',
      scope: 'admin:read',
      query: listQuery(['createdAt'], {
        tenantId: z.uuid().optional(),
        state: z.enum(states).optional(),
      }),
      answer: { status: 200, description: 'A page of them', schema: listAnswer(request) },
      problems: { 400: ['cursor_invalid'] },
      async handle({ authority, query }) {
        const page = await listRequestsOf(database, authority, query, wantedOf(query));
        return answerOf(page, query, shown);
      },
    }),
    adminRoute({
      method: 'get',
      path: '/sign-up-requests/{id}',
      operation: 'getSignUpRequest',
      summary: 'A request to join by its id',
      scope: 'admin:read',
      params: byId,
      answer: { status: 200, description: 'The request', schema: request },
      problems: { 404: ['sign_up_request_not_found'] },
      async handle({ authority, params }) {
        return shown(await requestWithin(database, authority, params.id));
      },
    }),
    answer(
      parts,
      'approve',
      'approved',
      'Lets somebody in: they sign in again and choose a handle',
    ),
    answer(parts, 'refuse', 'refused', 'Refuses somebody; they can ask again after 30 days'),
  ];
}

function answer(
  parts: Parts,
  verb: 'approve' | 'refuse',
  state: 'approved' | 'refused',
  summary: string,
): AdminRoute {
  return adminRoute({
    method: 'post',
    path: `/sign-up-requests/{id}/${verb}`,
    operation: `${verb}SignUpRequest`,
    summary,
    description: 'They are told by mail, if they have an address.',
    scope: 'admin:write',
    params: byId,
    answer: { status: 200, description: 'The request as it is now', schema: answered },
    problems: { 404: ['sign_up_request_not_found'] },
    async handle({ authority, params }) {
      const { mailed, ...one } = await answerRequest(parts, authority, params.id, state);
      return { ...shown(one), mailed };
    },
  });
}

function shown(one: SignUpRequest): z.input<typeof request> {
  return {
    ...one,
    decidedAt: one.decidedAt?.toISOString() ?? null,
    createdAt: one.createdAt.toISOString(),
    expiresAt: one.expiresAt.toISOString(),
  };
}
