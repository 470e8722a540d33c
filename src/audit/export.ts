import type { Queryable } from '../database/database.ts';
import { type AuditFilter, type AuditRow, auditAfter } from './export.store.ts';

const batchSize = 1000;

/**
 * The audit, the oldest first. In batches by id, so that any number of rows takes little memory and no
 * long transaction.
 */
export async function* exportAudit(
  db: Queryable,
  filter: AuditFilter,
): AsyncGenerator<readonly AuditRow[]> {
  let last = '0';
  for (;;) {
    const rows = await auditAfter(db, last, filter, batchSize);
    if (rows.length > 0) yield rows;
    last = rows.at(-1)?.id ?? last;
    if (rows.length < batchSize) return;
  }
}
