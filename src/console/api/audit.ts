import { z } from 'zod';
import { printable } from '../../api/route.ts';
import { auditActions } from '../../audit/actions.ts';
import type { AuditRow } from '../../audit/export.store.ts';
import { listAudit } from '../../audit/list.store.ts';
import type { Queryable } from '../../database/database.ts';
import { answerOf, listAnswer, listQuery, wantedOf } from './lists.ts';
import { type AdminRoute, adminRoute } from './route.ts';

const row = z
  .object({
    id: z.string().describe('A number, in digits.'),
    at: z.iso.datetime(),
    tenantId: z.uuid().nullable(),
    tenant: z.string().nullable(),
    actor: z.string().describe('An account, a client, `operator`, `system` or `nobody`.'),
    action: z.string(),
    target: z.string().nullable(),
    clientId: z.string().nullable(),
    address: z.string().nullable(),
    outcome: z.enum(['success', 'failure']),
    requestId: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditRow' });

export function auditRoutes({ database }: { database: Queryable }): AdminRoute[] {
  return [
    adminRoute({
      method: 'get',
      path: '/audit',
      operation: 'listAudit',
      summary: 'What happened, newest first',
      scope: 'admin:read',
      query: listQuery(['at'], {
        tenantId: z.uuid().optional(),
        actor: printable.optional(),
        action: z.enum(auditActions).optional(),
        target: printable.optional(),
        clientId: printable.optional(),
        requestId: printable.optional(),
        outcome: z.enum(['success', 'failure']).optional(),
        since: z.iso.datetime({ offset: true }).optional(),
        until: z.iso.datetime({ offset: true }).optional().describe('Rows before it.'),
      }),
      answer: { status: 200, description: 'A page of it', schema: listAnswer(row) },
      problems: { 400: ['cursor_invalid'] },
      async handle({ authority, query }) {
        return answerOf(await listAudit(database, authority, query, wantedOf(query)), query, shown);
      },
    }),
  ];
}

function shown(found: AuditRow): z.input<typeof row> {
  return { ...found, at: found.at.toISOString() };
}
