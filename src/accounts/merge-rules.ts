import { administrators } from '../entities/roles.ts';
import type { Account } from './account.ts';

/** One of them, as far as it decides whether they may become one. */
type Half = Pick<Account, 'status' | 'roles' | 'matrixAccess' | 'tenantId'>;

export type MergeProblem = 'merge_outdated' | 'merge_administrator' | 'merge_revoked';

/**
 * Why these two must stay two, for the page to say. Whoever has power over others gets no more
 * accounts by it, and nobody shakes off what was taken from them.
 */
export function mergeProblem(one: Half, two: Half): MergeProblem | undefined {
  const both = [one, two];
  if (one.tenantId !== two.tenantId) return 'merge_outdated';
  if (both.some(({ status }) => status !== 'active')) return 'merge_outdated';
  if (both.some(({ roles }) => roles.some((role) => Object.hasOwn(administrators, role)))) {
    return 'merge_administrator';
  }
  if (both.some(({ matrixAccess }) => matrixAccess !== 'active')) return 'merge_revoked';
  return undefined;
}
