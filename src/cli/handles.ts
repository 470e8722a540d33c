import { basename } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../errors.ts';
import type { Availability } from '../handles/availability.ts';
import type { HandleEntry } from '../handles/entry.store.ts';
import type { ImportReport } from '../handles/import.ts';
import { type Confirmation, confirm, irreversible } from './confirm.ts';
import { example } from './example.ts';
import { readFile } from './options.ts';
import { fields, type Report, table } from './report.ts';
import { type Cli, run } from './run.ts';

const lazy = {
  availability: () => import('../handles/availability.ts'),
  entry: () => import('../handles/entry.ts'),
  import: () => import('../handles/import.ts'),
  importFile: () => import('../handles/import-file.ts'),
  policy: () => import('../handles/policy.ts'),
  reserve: () => import('../handles/reserve.ts'),
};

type ImportChoice = { apply?: boolean; dryRun?: boolean };

export function register(noun: Command): void {
  noun
    .command('check')
    .argument('<handle>', 'a handle or a whole Matrix ID')
    .description('Say whether a newcomer could choose a handle, and if not, why')
    .addHelpText('after', example('handles check ada'))
    .action(run(async (cli, _, handle) => checked(await check(cli, handle))));
  noun
    .command('show')
    .argument('<handle>', 'a handle or a whole Matrix ID')
    .description('Show who has a handle, or had it')
    .addHelpText('after', example('handles show ada'))
    .action(
      run(async ({ config, database }, _, handle) => {
        const { requireHandle } = await lazy.entry();
        return shown(await requireHandle(database, handle, config.matrix.serverName));
      }),
    );
  irreversible(
    noun
      .command('reserve')
      .argument('<handle...>', 'handles that nobody may ever have')
      .description('Keep handles from everybody, for ever'),
  )
    .addHelpText('after', example('handles reserve founder board --yes'))
    .action(
      run<Confirmation, [string[]]>(async (cli, options, handles) => {
        await confirm(cli, options, `Keep ${handles.join(', ')} from everybody for ever`);
        const { reserveHandles } = await lazy.reserve();
        const { serverName } = cli.config.matrix;
        const order = { handles, serverName, actor: 'operator', source: 'command line' };
        return imported(await reserveHandles(cli.database, order));
      }),
    );
  noun
    .command('import')
    .argument('<file>', 'CSV with a heading, JSON, or JSON lines: handle and account_id')
    .description('Enter handles that people have already; shows what would be done')
    .option('--apply', 'do it')
    .option('--dry-run', 'only show it, which is the default')
    .addHelpText(
      'after',
      example('handles import handles.csv', 'handles import handles.csv --apply'),
    )
    .action(
      run<ImportChoice>(async (cli, options, file) =>
        imported(await importFile(cli, file, options)),
      ),
    );
}

async function check({ config, database }: Cli, handle: string): Promise<Availability> {
  const { handlePolicy } = await lazy.policy();
  const policy = handlePolicy({ serverName: config.matrix.serverName, ...config.handles });
  return (await lazy.availability()).checkHandle(database, handle, policy);
}

async function importFile(
  { config, database }: Cli,
  file: string,
  { apply = false, dryRun = false }: ImportChoice,
): Promise<ImportReport> {
  if (apply && dryRun) {
    throw new AppError('bad_input', { message: 'Give either --apply or --dry-run.' });
  }
  const format = /\.csv$/i.test(file) ? 'csv' : 'json';
  const { readImportFile } = await lazy.importFile();
  return (await lazy.import()).importHandles(
    database,
    readImportFile(readFile(file).toString(), format),
    {
      serverName: config.matrix.serverName,
      dryRun: !apply,
      audit: { actor: 'operator', source: basename(file).slice(0, 100) },
    },
  );
}

function checked(answer: Availability): Report {
  const { handle, available, reason, suggestions } = answer;
  const why = `@${handle} cannot be had: ${reason?.replaceAll('_', ' ')}.`;
  const others = suggestions.length > 0 ? ` Free are ${suggestions.join(', ')}.` : '';
  return { data: answer, text: available ? `@${handle} is free.` : why + others };
}

function shown(entry: HandleEntry): Report {
  const text = fields({
    handle: `@${entry.handle}`,
    state: entry.state,
    account: entry.accountId,
    tenant: entry.tenant,
    'held until': entry.heldUntil,
    imported: entry.imported,
    'Matrix user': entry.matrixUser,
    'Matrix error': entry.matrixError,
    since: entry.createdAt,
  });
  return { data: entry, text };
}

function imported(report: ImportReport): Report {
  const { dryRun, rows, added, present, conflicts } = report;
  const verb = dryRun ? 'would be added' : 'added';
  const summary = `${rows} handles: ${added} ${verb}, ${present} there already, ${conflicts.length} left out.`;
  const lines = conflicts.map(({ line, handle, reason }) => [line, handle, reason]);
  return {
    data: report,
    text: [
      summary,
      ...(lines.length > 0 ? [table(['line', 'handle', 'reason'], lines, '')] : []),
      ...(dryRun ? ['Nothing was changed: add --apply to do it.'] : []),
    ].join('\n'),
  };
}
