import { z } from 'zod';
import { administerAccount, requireGivable } from '../../accounts/administer.ts';
import { disableAccount, enableAccount } from '../../accounts/disable.ts';
import { deleteAccount, type Outside } from '../../accounts/lifecycle.ts';
import { changeMatrixAccess } from '../../accounts/matrix-profile.ts';
import { renameAccount } from '../../accounts/rename.ts';
import { setGroups, setRoles } from '../../accounts/roles.ts';
import { signOutAccount } from '../../accounts/sign-out.ts';
import { printable } from '../../api/route.ts';
import { AppError } from '../../errors.ts';
import { type AccountParts, account, shownAccount } from './accounts.ts';
import { type AdminRoute, adminRoute, byId, requireMatch, tagged } from './route.ts';

type Parts = AccountParts & { outside: Outside };

const problems = {
  403: ['account_administrator', 'revoked_by_operator', 'role_beyond_authority'],
  404: ['account_not_found'],
  412: ['precondition_failed'],
};

const changes = z
  .strictObject({
    name: printable.optional(),
    status: z
      .enum(['active', 'disabled'])
      .optional()
      .describe(
        'Disabling ends sessions and Matrix devices, with the encryption keys only they have.',
      ),
    matrixAccess: z.enum(['active', 'revoked']).optional(),
    roles: z.array(z.string().max(64)).max(50).optional().describe('These and no others.'),
    groups: z.array(printable).max(100).optional().describe('These and no others.'),
  })
  .refine((body) => Object.keys(body).length > 0, { message: 'nothing to change' });

export function accountActRoutes(parts: Parts): AdminRoute[] {
  return [patchAccount(parts), postSignOut(parts), deleteAccountRoute(parts)];
}

function patchAccount({ database, serverName, outside }: Parts): AdminRoute {
  return adminRoute({
    method: 'patch',
    path: '/accounts/{id}',
    operation: 'changeAccount',
    summary: 'Changes what the body names, all of it or nothing',
    scope: 'admin:write',
    params: byId,
    body: changes,
    answer: { status: 200, description: 'The account as it is now', schema: account },
    problems: { ...problems, 400: ['role_invalid', 'group_invalid', 'name_invalid'] },
    async handle({ ctx, authority, params, body }) {
      const { name, status, matrixAccess, roles, groups } = body;
      const after = await administerAccount(
        database,
        {
          ...{ accountId: params.id, authority },
          expect(before) {
            requireMatch(ctx, shownAccount(before, serverName));
            if (roles) requireGivable(authority, before.roles, roles);
          },
        },
        async (tx, order, before) => {
          if (name !== undefined) await renameAccount(tx, { ...order, name });
          if (roles) await setRoles(tx, { ...order, roles });
          if (groups) await setGroups(tx, { ...order, groups });
          if (matrixAccess) {
            const ofTenant = authority.tenantIds !== 'all';
            await changeMatrixAccess(tx, { ...order, access: matrixAccess, ofTenant });
          }
          if (status === before.status) return;
          if (status === 'disabled') await disableAccount(tx, order, outside);
          if (status === 'active') await enableAccount(tx, order);
        },
      );
      if (!after) throw new AppError('account_not_found');
      return tagged(ctx, shownAccount(after, serverName));
    },
  });
}

function postSignOut({ database, serverName, outside }: Parts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/accounts/{id}/sign-out',
    operation: 'signOutAccount',
    summary: 'Ends all sessions and tokens, and Matrix devices with them',
    scope: 'admin:write',
    params: byId,
    answer: { status: 200, description: 'The account', schema: account },
    problems,
    async handle({ authority, params }) {
      const after = await administerAccount(
        database,
        { accountId: params.id, authority },
        (tx, order) => signOutAccount(tx, order, outside),
      );
      if (!after) throw new AppError('account_not_found');
      return shownAccount(after, serverName);
    },
  });
}

function deleteAccountRoute({ database, serverName, outside }: Parts): AdminRoute {
  return adminRoute({
    method: 'delete',
    path: '/accounts/{id}',
    operation: 'deleteAccount',
    summary: 'Deletes an account for ever; its handle is never given to anybody again',
    scope: 'admin:write',
    params: byId,
    query: z.object({
      erase: z.stringbool().default(false).describe('Also hides what they wrote on Matrix.'),
    }),
    answer: {
      status: 200,
      description: 'Its id, which stays with the handle',
      schema: z.object({ id: z.uuid(), deleted: z.literal(true) }),
    },
    problems,
    async handle({ ctx, authority, params: { id }, query: { erase } }) {
      await administerAccount(
        database,
        {
          ...{ accountId: id, authority },
          expect: (before) => requireMatch(ctx, shownAccount(before, serverName)),
        },
        (tx, order) => deleteAccount(tx, { ...order, erase }, outside),
      );
      return { id, deleted: true as const };
    },
  });
}
