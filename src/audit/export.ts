import { once } from 'node:events';
import type { Cli } from '../cli/run.ts';
import { requireTenant } from '../tenants/find.ts';
import { auditAfter } from './export.store.ts';

export type ExportOptions = { since?: Date; until?: Date; tenant?: string };

const batchSize = 1000;

/** In batches by id, so that any number of rows takes little memory and no long transaction. */
export async function exportAudit({ database }: Cli, options: ExportOptions): Promise<void> {
  const { since = null, until = null, tenant } = options;
  const tenantId = tenant ? (await requireTenant(database, tenant)).id : null;
  let last = '0';
  for (;;) {
    const rows = await auditAfter(database, last, { since, until, tenantId }, batchSize);
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    if (!process.stdout.write(lines)) await once(process.stdout, 'drain');
    last = rows.at(-1)?.id ?? last;
    if (rows.length < batchSize) return;
  }
}
