import { once } from 'node:events';
import type { Command } from 'commander';
import { example } from './example.ts';
import { moment } from './options.ts';
import { type Cli, run } from './run.ts';

const lazy = {
  export: () => import('../audit/export.ts'),
  tenants: () => import('../tenants/find.ts'),
};

type ExportOptions = { since?: Date; until?: Date; tenant?: string };

export function register(noun: Command): void {
  noun
    .command('export')
    .description('Print the audit as JSON lines, the oldest first')
    .option('--since <time>', 'from then on: 2026-01-31, 2026-01-31T12:00Z, 12h or 30d', moment)
    .option('--until <time>', 'before then', moment)
    .option('--tenant <tenant>', 'only of this tenant')
    .addHelpText('after', example('audit export --since 30d --tenant acme > audit.jsonl'))
    .action(run<ExportOptions>(printAudit));
}

async function printAudit(
  { database }: Cli,
  { since, until, tenant }: ExportOptions,
): Promise<undefined> {
  const { exportAudit } = await lazy.export();
  const { requireTenant } = await lazy.tenants();
  const tenantId = tenant ? (await requireTenant(database, tenant)).id : null;
  for await (const rows of exportAudit(database, {
    since: since ?? null,
    until: until ?? null,
    tenantId,
  })) {
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    if (!process.stdout.write(lines)) await once(process.stdout, 'drain');
  }
  return undefined;
}
