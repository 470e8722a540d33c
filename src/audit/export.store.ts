import type { Queryable } from '../database/database.ts';

export type AuditRow = {
  /** A number, in digits. */
  id: string;
  at: Date;
  tenantId: string | null;
  tenant: string | null;
  actor: string;
  action: string;
  target: string | null;
  clientId: string | null;
  address: string | null;
  outcome: 'success' | 'failure';
  requestId: string | null;
  detail: Record<string, unknown>;
};

export type AuditFilter = { since: Date | null; until: Date | null; tenantId: string | null };

/** Of `audit a`, with its tenant `t`. */
export const auditColumns = `a.id::text, a.at, a.tenant_id as "tenantId", t.slug as tenant, a.actor,
  a.action, a.target, a.client_id as "clientId", a.address, a.outcome,
  a.request_id as "requestId", a.detail`;

/** The next rows after one, in the order in which they were written. */
export function auditAfter(
  db: Queryable,
  after: string,
  { since, until, tenantId }: AuditFilter,
  limit: number,
): Promise<AuditRow[]> {
  return db.query<AuditRow>(
    `select ${auditColumns} from audit a left join tenants t on t.id = a.tenant_id
      where a.id > $1 and ($2::timestamptz is null or a.at >= $2)
        and ($3::timestamptz is null or a.at < $3) and ($4::uuid is null or a.tenant_id = $4)
      order by a.id limit $5`,
    [after, since, until, tenantId, limit],
  );
}
