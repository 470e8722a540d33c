import { z } from 'zod';
import type { Queryable } from '../database/database.ts';
import { checkHandle } from '../handles/availability.ts';
import type { HandlePolicy } from '../handles/policy.ts';
import type { HandleReason } from '../handles/rules.ts';
import { type InternalRoute, internalRoute } from './route.ts';

const reasons = [
  'characters',
  'starts_with_letter',
  'too_short',
  'ends_with_separator',
  'separators',
  'too_long',
  'matrix_id_too_long',
  'reserved',
  'reserved_look_alike',
  'taken',
] as const satisfies readonly HandleReason[];

const availability = z
  .object({
    handle: z.string().describe('As it would be registered.'),
    available: z.boolean(),
    reason: z.enum(reasons).nullable().describe('Why not; null when available.'),
    suggestions: z.array(z.string()).describe('Free right now; empty when the handle itself is.'),
  })
  .meta({ id: 'Availability' });

export function handleRoutes(parts: {
  database: Queryable;
  handlePolicy: HandlePolicy;
}): InternalRoute[] {
  return [
    internalRoute({
      method: 'get',
      path: '/handles/{handle}',
      operation: 'getHandleAvailability',
      summary: 'Whether a handle can be had',
      description: 'Promises nothing: only a sign-up decides who gets a handle.',
      scope: 'handles:read',
      params: z.object({ handle: z.string().min(1).max(100) }),
      answer: { status: 200, description: 'What is known of it now', schema: availability },
      budget: { limit: 1200, seconds: 60 },
      async handle({ params }) {
        const answer = await checkHandle(parts.database, params.handle, parts.handlePolicy);
        return { ...answer, reason: answer.reason ?? null };
      },
    }),
  ];
}
