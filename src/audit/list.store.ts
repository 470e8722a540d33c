import { type Authority, ofTenants } from '../authority/authority.ts';
import type { Queryable } from '../database/database.ts';
import { type Condition, type Cursor, type Page, readPage } from '../database/keyset.ts';
import { type AuditRow, auditColumns } from './export.store.ts';

export type AuditFilters = {
  tenantId?: string;
  actor?: string;
  action?: string;
  target?: string;
  clientId?: string;
  requestId?: string;
  outcome?: 'success' | 'failure';
  since?: string;
  until?: string;
};

const comparisons: Record<keyof Omit<AuditFilters, 'tenantId'>, string> = {
  actor: 'a.actor = ?',
  action: 'a.action = ?',
  target: 'a.target = ?',
  clientId: 'a.client_id = ?',
  requestId: 'a.request_id = ?',
  outcome: 'a.outcome = ?',
  since: 'a.at >= ?::timestamptz',
  until: 'a.at < ?::timestamptz',
};

/** What happened within somebody's reach, by time. */
export function listAudit(
  db: Queryable,
  authority: Authority,
  filters: AuditFilters,
  wanted: { descending: boolean; after?: Cursor; limit: number },
): Promise<Page<AuditRow>> {
  const asked = Object.entries(comparisons).flatMap(([name, condition]): Condition[] => {
    const value = filters[name as keyof typeof comparisons];
    return value === undefined ? [] : [[condition, value]];
  });
  return readPage<AuditRow>(
    db,
    {
      columns: auditColumns,
      from: 'audit a left join tenants t on t.id = a.tenant_id',
      id: { column: 'a.id', type: 'bigint' },
      sorting: { by: 'a.at', type: 'timestamptz' },
      descending: wanted.descending,
      where: [...ofTenants('a.tenant_id', authority, filters.tenantId), ...asked],
    },
    wanted,
  );
}
