import type { Command } from 'commander';
import type { ExportOptions } from '../audit/export.ts';
import { moment } from './options.ts';
import { example } from './program.ts';
import { run } from './run.ts';

export function register(noun: Command): void {
  noun
    .command('export')
    .description('Print the audit as JSON lines, the oldest first')
    .option('--since <time>', 'from then on: 2026-01-31, 2026-01-31T12:00Z, 12h or 30d', moment)
    .option('--until <time>', 'before then', moment)
    .option('--tenant <tenant>', 'only of this tenant')
    .addHelpText('after', example('audit export --since 30d --tenant acme > audit.jsonl'))
    .action(
      run<ExportOptions>(async (cli, options) => {
        await (await import('../audit/export.ts')).exportAudit(cli, options);
        return undefined;
      }),
    );
}
