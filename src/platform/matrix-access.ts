import { z } from 'zod';
import { accountById } from '../accounts/accounts.store.ts';
import { changeMatrixAccess } from '../accounts/matrix-profile.ts';
import { printable } from '../api/route.ts';
import type { Database } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { accountIdBy } from './accounts.store.ts';
import { type InternalRoute, internalRoute } from './route.ts';

type Parts = { database: Database };

const who = z
  .strictObject({
    userSlug: printable.optional(),
    accountId: z.uuid().optional(),
    tenantId: z.uuid().optional(),
  })
  .refine(({ userSlug, accountId }) => (userSlug === undefined) !== (accountId === undefined), {
    message: 'exactly one of userSlug and accountId is needed',
  });

const access = z
  .object({
    accountId: z.uuid(),
    platformSlug: z.string().nullable(),
    matrixAccess: z.enum(['active', 'revoked']),
  })
  .meta({ id: 'MatrixAccess' });

export function matrixAccessRoutes(parts: Parts): InternalRoute[] {
  return [
    changeRoute(parts, 'revoked', {
      path: '/matrix/access/revoke',
      operation: 'revokeMatrixAccess',
      summary: "Takes somebody's access to Matrix away",
      problems: { 404: ['account_not_found'] },
      description:
        'At once we refuse their sign-ins to Matrix; Synapse ends their tokens and devices as soon as it is reached. Encryption keys that were on these devices only, and backed up nowhere, are lost. They can still sign in elsewhere.',
    }),
    changeRoute(parts, 'active', {
      path: '/matrix/access/restore',
      operation: 'restoreMatrixAccess',
      summary: 'Gives it back: the same Matrix ID, in the same rooms',
      description: 'Not what the operator took away: that is theirs to give back.',
      problems: { 403: ['revoked_by_operator'], 404: ['account_not_found'] },
    }),
  ];
}

function changeRoute(
  { database }: Parts,
  wanted: 'active' | 'revoked',
  names: Pick<InternalRoute, 'path' | 'operation' | 'summary' | 'description' | 'problems'>,
): InternalRoute {
  return internalRoute({
    ...names,
    method: 'post',
    scope: 'access:write',
    body: who,
    answer: { status: 200, description: 'What holds now', schema: access },
    async handle({ body: { userSlug, accountId }, tenantId, client }) {
      const id =
        accountId ?? (await accountIdBy(database, tenantId, 'platformSlug', userSlug ?? ''));
      const known = id === undefined ? undefined : await accountById(database, id);
      // Another tenant's account looks as if there were none.
      if (known?.tenantId !== tenantId) throw new AppError('account_not_found');
      const { platformSlug } = await database.transaction((tx) =>
        changeMatrixAccess(tx, {
          accountId: known.id,
          access: wanted,
          ...{ actor: client.id, clientId: client.id },
        }),
      );
      return { accountId: known.id, platformSlug, matrixAccess: wanted };
    },
  });
}
