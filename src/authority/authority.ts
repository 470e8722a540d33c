import type { Condition } from '../database/keyset.ts';
import { AppError, type ErrorCode } from '../errors.ts';

/**
 * Who asks for an act of administration, and how far that reaches. Every such act and every list is
 * given one, and judges by it: no page and no API does so for them.
 */
export type Authority = {
  /** As the audit names them: an account, a client, or `operator`. */
  readonly actor: string;
  /** The tenants that it reaches. */
  readonly tenantIds: readonly string[] | 'all';
  /** Whether it may change what it may see. */
  readonly mayChange: boolean;
};

/** Whoever has a shell on the server. */
export const operator: Authority = { actor: 'operator', tenantIds: 'all', mayChange: true };

export function reaches({ tenantIds }: Authority, tenantId: string | null): boolean {
  return tenantIds === 'all' || (tenantId !== null && tenantIds.includes(tenantId));
}

/**
 * Another tenant's things look as if there were none.
 *
 * @throws AppError with the code given
 */
export function requireReach(
  authority: Authority,
  tenantId: string | null | undefined,
  notFound: ErrorCode,
): void {
  if (tenantId === undefined || !reaches(authority, tenantId)) throw new AppError(notFound);
}

/** @throws AppError `administration_read_only` (403) */
export function requireChange({ mayChange }: Authority): void {
  if (!mayChange) throw new AppError('administration_read_only');
}

/** @throws AppError `administration_limited` (403) for whoever administers some tenants only */
export function requireAll({ tenantIds }: Authority): void {
  if (tenantIds !== 'all') throw new AppError('administration_limited');
}

/**
 * What a list leaves to it, and to one tenant of it where one is asked for. Where only one is left it is
 * compared as such, so that an index sorts.
 *
 * @param column constant
 */
export function ofTenants(column: string, { tenantIds }: Authority, only?: string): Condition[] {
  if (only !== undefined) {
    const reached = tenantIds === 'all' || tenantIds.includes(only);
    return [[`${column} = ?::uuid`, reached ? only : null]];
  }
  if (tenantIds === 'all') return [];
  return tenantIds.length === 1
    ? [[`${column} = ?::uuid`, tenantIds[0]]]
    : [[`${column} = any (?::uuid[])`, tenantIds]];
}
