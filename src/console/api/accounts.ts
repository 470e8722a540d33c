import { z } from 'zod';
import type { Account } from '../../accounts/account.ts';
import { accountWithin } from '../../accounts/administer.ts';
import { accountSorts, listAccounts } from '../../accounts/list.store.ts';
import { printable } from '../../api/route.ts';
import type { Database } from '../../database/database.ts';
import { matrixId } from '../../handles/rules.ts';
import { answerOf, listAnswer, listQuery, wantedOf } from './lists.ts';
import { type AdminRoute, adminRoute, byId, tagged } from './route.ts';

export type AccountParts = { database: Database; serverName: string };

export const account = z
  .object({
    id: z.uuid().describe('The `sub` of every token of this person.'),
    tenantId: z.uuid(),
    status: z.enum(['active', 'disabled']),
    name: z.string(),
    email: z.string().nullable(),
    emailVerified: z.boolean(),
    handle: z.string().nullable().describe('Null until the person has chosen one.'),
    matrixId: z.string().nullable(),
    matrixAccess: z.enum(['active', 'revoked']),
    locale: z.string().nullable(),
    hasPassword: z.boolean(),
    platformUserId: z.string().nullable(),
    platformSlug: z.string().nullable(),
    roles: z.array(z.string()),
    platformRoles: z.array(z.string()).describe('Those of the roles that a platform gave.'),
    groups: z.array(z.string()),
    lastSignInAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Account' });

export function accountRoutes(parts: AccountParts): AdminRoute[] {
  return [getAccounts(parts), getAccount(parts)];
}

function getAccounts({ database, serverName }: AccountParts): AdminRoute {
  return adminRoute({
    method: 'get',
    path: '/accounts',
    operation: 'listAccounts',
    summary: 'People, newest first',
    scope: 'admin:read',
    query: listQuery(accountSorts, {
      tenantId: z.uuid().optional(),
      status: z.enum(['active', 'disabled']).optional(),
      matrixAccess: z.enum(['active', 'revoked']).optional(),
      role: printable.optional(),
      search: printable
        .optional()
        .describe('The beginning of a handle, Matrix address or name, or a whole email or id.'),
    }),
    answer: { status: 200, description: 'A page of them', schema: listAnswer(account) },
    problems: { 400: ['cursor_invalid'] },
    async handle({ authority, query }) {
      const page = await listAccounts(database, authority, query, wantedOf(query));
      return answerOf(page, query, (one) => shownAccount(one, serverName));
    },
  });
}

function getAccount({ database, serverName }: AccountParts): AdminRoute {
  return adminRoute({
    method: 'get',
    path: '/accounts/{id}',
    operation: 'getAccount',
    summary: 'An account by its id',
    scope: 'admin:read',
    params: byId,
    answer: { status: 200, description: 'The account', schema: account },
    problems: { 404: ['account_not_found'] },
    async handle({ ctx, authority, params }) {
      const found = await accountWithin(database, authority, params.id);
      return tagged(ctx, shownAccount(found, serverName));
    },
  });
}

export function shownAccount(found: Account, serverName: string): z.input<typeof account> {
  return {
    ...found,
    status: found.status as 'active' | 'disabled',
    matrixId: found.handle && matrixId(found.handle, serverName),
    roles: [...found.roles],
    platformRoles: [...found.platformRoles],
    groups: [...found.groups],
    lastSignInAt: found.lastSignInAt?.toISOString() ?? null,
    createdAt: found.createdAt.toISOString(),
    updatedAt: found.updatedAt.toISOString(),
  };
}
