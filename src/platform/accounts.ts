import { z } from 'zod';
import { type Account, accountById } from '../accounts/accounts.store.ts';
import { setPlatformNames } from '../accounts/platform-identity.ts';
import { printable } from '../api/route.ts';
import type { Database } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { matrixId } from '../handles/rules.ts';
import { type AccountFilter, accountIdBy } from './accounts.store.ts';
import { type InternalRoute, internalRoute } from './route.ts';

type Parts = { database: Database; serverName: string };

/** The platform's own names of a person. */
const platformIdentity = {
  platformUserId: printable.nullable(),
  platformSlug: printable.nullable(),
};

const account = z
  .object({
    id: z.uuid().describe('The `sub` of every token of this person.'),
    tenantId: z.uuid(),
    status: z.enum(['active', 'disabled']),
    name: z.string(),
    email: z.string().nullable(),
    emailVerified: z.boolean(),
    picture: z.string().nullable(),
    locale: z.string().nullable(),
    handle: z.string().nullable().describe('Null until the person has chosen one.'),
    matrixId: z.string().nullable(),
    matrixAccess: z.enum(['active', 'revoked']),
    platformUserId: z.string().nullable(),
    platformSlug: z.string().nullable(),
    roles: z.array(z.string()),
    groups: z.array(z.string()),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Account' });

const byId = z.object({ id: z.uuid() });

const oneFilter = z
  .strictObject({
    platformUserId: printable.optional(),
    platformSlug: printable.optional(),
    handle: printable.optional(),
  })
  .refine((filters) => Object.values(filters).filter((it) => it !== undefined).length === 1, {
    message: 'exactly one of platformUserId, platformSlug and handle is needed',
  });

export function accountRoutes(parts: Parts): InternalRoute[] {
  return [getAccount(parts), findAccounts(parts), putPlatformIdentity(parts)];
}

function getAccount({ database, serverName }: Parts): InternalRoute {
  return internalRoute({
    method: 'get',
    path: '/accounts/{id}',
    operation: 'getAccount',
    summary: 'An account by its id',
    scope: 'accounts:read',
    params: byId,
    answer: { status: 200, description: 'The account', schema: account },
    problems: { 404: ['account_not_found'] },
    async handle({ params, tenantId }) {
      const found = ofTenant(await accountById(database, params.id), tenantId);
      if (!found) throw new AppError('account_not_found');
      return shown(found, serverName);
    },
  });
}

function findAccounts({ database, serverName }: Parts): InternalRoute {
  return internalRoute({
    method: 'get',
    path: '/accounts',
    operation: 'findAccounts',
    summary: 'Accounts by what the platform calls them, or by handle',
    description: 'Takes exactly one filter. Each finds one account or none.',
    scope: 'accounts:read',
    query: oneFilter,
    answer: {
      status: 200,
      description: 'Those found, maybe none',
      schema: z.object({ accounts: z.array(account) }),
    },
    async handle({ query, tenantId }) {
      const [filter, value] = Object.entries(query)[0] as [AccountFilter, string];
      const id = await accountIdBy(database, tenantId, filter, value);
      const found = id ? ofTenant(await accountById(database, id), tenantId) : undefined;
      return { accounts: found ? [shown(found, serverName)] : [] };
    },
  });
}

function putPlatformIdentity({ database, serverName }: Parts): InternalRoute {
  return internalRoute({
    method: 'put',
    path: '/accounts/{id}/platform',
    operation: 'putPlatformIdentity',
    summary: "Sets the platform's user id and slug of an account",
    description: 'Both are unique in a tenant; null takes one away. Safe to repeat.',
    scope: 'accounts:write',
    params: byId,
    body: z.strictObject({ ...platformIdentity, tenantId: z.uuid().optional() }),
    answer: { status: 200, description: 'The account as it is now', schema: account },
    problems: {
      400: ['platform_slug_reserved'],
      404: ['account_not_found'],
      409: ['platform_user_taken', 'platform_slug_taken'],
    },
    async handle({ params, body, tenantId, client }) {
      const { platformUserId, platformSlug } = body;
      return database.transaction(async (tx) => {
        const before = ofTenant(await accountById(tx, params.id), tenantId);
        if (!before) throw new AppError('account_not_found');
        await setPlatformNames(tx, {
          accountId: before.id,
          names: { platformUserId, platformSlug },
          ...{ actor: client.id, clientId: client.id },
        });
        return shown((await accountById(tx, before.id)) as Account, serverName);
      });
    },
  });
}

/** Another tenant's account, and one that was deleted, look as if there were none. */
function ofTenant(found: Account | undefined, tenantId: string): Account | undefined {
  return found?.tenantId === tenantId && found.status !== 'deleted' ? found : undefined;
}

function shown(found: Account, serverName: string): z.input<typeof account> {
  return {
    ...found,
    status: found.status as 'active' | 'disabled',
    matrixId: found.handle && matrixId(found.handle, serverName),
    roles: [...found.roles],
    groups: [...found.groups],
    createdAt: found.createdAt.toISOString(),
    updatedAt: found.updatedAt.toISOString(),
  };
}
