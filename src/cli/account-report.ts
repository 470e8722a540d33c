import type { FoundAccount } from '../accounts/found.ts';
import { fields, type Report, table } from './report.ts';

export function listed(accounts: FoundAccount[]): Report {
  const rows = accounts.map((account) => [
    account.handle && `@${account.handle}`,
    account.name,
    account.email,
    account.tenant,
    account.status === 'active' ? '' : account.status,
    account.lastSignInAt,
    account.id,
  ]);
  const headings = ['handle', 'name', 'email', 'tenant', '', 'last sign-in', 'id'];
  return { data: accounts, text: table(headings, rows, 'No accounts.') };
}

export function shown(account: FoundAccount): Report {
  const text = fields({
    id: account.id,
    tenant: account.tenant,
    status: account.status,
    name: account.name,
    handle: account.handle && `@${account.handle}`,
    email: account.email,
    'email verified': account.email && account.emailVerified,
    password: account.hasPassword,
    language: account.locale,
    'Matrix access': `${account.matrixAccess}${account.matrixRevokedByOperator ? ' by the operator' : ''}`,
    'Matrix user': account.matrixUser,
    'platform user id': account.platformUserId,
    'platform slug': account.platformSlug,
    roles: account.roles.map((role) =>
      account.platformRoles.includes(role) ? `${role} (the platform's)` : role,
    ),
    'last administrator': account.administratorEndedAt,
    groups: account.groups,
    sessions: account.sessions,
    'last sign-in': account.lastSignInAt,
    created: account.createdAt,
  });
  return { data: account, text };
}
