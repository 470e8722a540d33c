import { requireTenant } from '../tenants/find.ts';
import type { Target } from './target.ts';
import {
  accountsWithoutMatrix,
  membersWithoutAccount,
  type PlatformUser,
  type UserWithoutMatrix,
  type WithoutMatrix,
} from './without-matrix.store.ts';

export type WithoutMatrixReport = {
  counts: Partial<Record<WithoutMatrix, number>>;
  users: UserWithoutMatrix[];
};

const pageSize = 500;

/** Everybody who is to be on Matrix one day and is not, and what keeps them. */
export async function usersWithoutMatrix(
  target: Target,
  { tenant }: { tenant?: string },
): Promise<WithoutMatrixReport> {
  const tenantId = tenant ? (await requireTenant(target.database, tenant)).id : null;
  const report: WithoutMatrixReport = { counts: {}, users: [] };
  for await (const user of everybody(target, tenantId)) {
    report.counts[user.reason] = (report.counts[user.reason] ?? 0) + 1;
    report.users.push(user);
  }
  return report;
}

async function* everybody(
  { database }: Target,
  tenantId: string | null,
): AsyncGenerator<UserWithoutMatrix> {
  let accounts: UserWithoutMatrix[];
  let after: string | null = null;
  do {
    accounts = await accountsWithoutMatrix(database, { tenantId, after, limit: pageSize });
    yield* accounts;
    after = accounts.at(-1)?.accountId ?? null;
  } while (accounts.length === pageSize);
  let members: PlatformUser[];
  let last: PlatformUser | null = null;
  do {
    members = await membersWithoutAccount(database, { tenantId, after: last, limit: pageSize });
    for (const { tenantId: _, member: __, ...user } of members) yield user;
    last = members.at(-1) ?? null;
  } while (members.length === pageSize);
}
