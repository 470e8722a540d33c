import type { Queryable, Transaction } from '../database/database.ts';

export type AuditRow = {
  id: string;
  at: Date;
  tenantId: string | null;
  /** An account id, a client id, `operator`, `system` or `nobody`. */
  actor: string;
  action: string;
  target: string | null;
  clientId: string | null;
  address: string | null;
  outcome: 'success' | 'failure';
  requestId: string | null;
  detail: Record<string, string | number | boolean | null>;
};

export type AuditFilter = {
  /** From this moment on. */
  since?: Date;
  /** Before this moment. */
  until?: Date;
  tenantId?: string;
  /** Goes on after this row, the last one of the page before. */
  afterId?: string;
  limit: number;
};

const columns = `id::text, at, tenant_id as "tenantId", actor, action, target,
  client_id as "clientId", address, outcome, request_id as "requestId", detail`;

/**
 * One page in the order in which things happened. Read page by page, a whole export holds neither a
 * lock nor more than a page in memory.
 */
export function auditRows(db: Queryable, filter: AuditFilter): Promise<AuditRow[]> {
  const { since, until, tenantId, afterId, limit } = filter;
  return db.query<AuditRow>(
    `select ${columns} from audit
      where at >= coalesce($1::timestamptz, '-infinity')
        and at < coalesce($2::timestamptz, 'infinity')
        and ($3::uuid is null or tenant_id = $3)
        and (at, id) > (coalesce((select at from audit where id = $4::bigint), '-infinity'),
          coalesce($4::bigint, 0))
      order by audit.at, audit.id limit $5`,
    [since ?? null, until ?? null, tenantId ?? null, afterId ?? null, limit],
  );
}

/**
 * What was done by an account or to it, newest first: for the person's own download. Where somebody
 * else did it, their address is theirs to know.
 */
export function auditRowsOfAccount(
  db: Queryable,
  { accountId, limit = 10_000 }: { accountId: string; limit?: number },
): Promise<Omit<AuditRow, 'requestId'>[]> {
  return db.query(
    `select id::text, at, tenant_id as "tenantId", actor, action, target,
        client_id as "clientId", case when actor = $1 then address end as address, outcome, detail
      from audit where actor = $1 or target = $1
      order by audit.at desc, audit.id desc limit $2`,
    [accountId, limit],
  );
}

/** Lets this transaction, and no other, remove or clear rows. */
export async function allowUpkeep(tx: Transaction): Promise<void> {
  await tx.query(`select set_config('openmeet.audit_upkeep', 'on', true)`);
}

/** @returns how many rows went, at most a batch */
export async function deleteRowsOlderThan(
  tx: Transaction,
  days: number,
  batch: number,
): Promise<number> {
  const rows = await tx.query(
    `delete from audit where id in (select id from audit
      where at < now() - make_interval(days => $1) order by at limit $2 for update skip locked)
      returning id`,
    [days, batch],
  );
  return rows.length;
}

/** @returns how many rows lost their address, at most a batch */
export async function clearAddressesOlderThan(
  tx: Transaction,
  days: number,
  batch: number,
): Promise<number> {
  const rows = await tx.query(
    `update audit set address = null where id in (select id from audit
      where at < now() - make_interval(days => $1) and address is not null
      order by at limit $2 for update skip locked)
      returning id`,
    [days, batch],
  );
  return rows.length;
}
