import { type Command, Option } from 'commander';
import type { ImportOptions } from './migration/import/run.ts';
import type { RecordingOptions } from './migration/recording.ts';
import { moment } from './options.ts';
import { example } from './program.ts';
import { run } from './run.ts';

const lazy = {
  import: () => import('./migration/import/run.ts'),
  rollback: () => import('./migration/rollback.ts'),
  report: () => import('./migration/report.ts'),
};

const fileKinds = ['entities', 'members', 'users', 'handles'];

export function register(noun: Command): void {
  registerImport(noun);
  registerRollback(noun);
}

function registerImport(noun: Command): void {
  changing(
    noun
      .command('import')
      .argument('<file>', 'CSV with a heading, JSON, or JSON lines')
      .description('Enter what a platform has already; shows what would be done')
      .addOption(
        new Option('--kind <kind>', 'what the lines are').choices(fileKinds).makeOptionMandatory(),
      )
      .option('--tenant <tenant>', 'whose it is (default: the default tenant)')
      .option('--as-of <time>', 'when the file was right (default: when it was written)', moment)
      .option('--vouch-handles', 'the handles in the file are those of its platform users'),
  )
    .addHelpText(
      'after',
      example(
        'migration import events.csv --kind entities --tenant acme',
        'migration import members.jsonl --kind members --tenant acme --apply',
      ),
    )
    .action(
      run<ImportOptions>(async (cli, options, file) =>
        (await lazy.report()).imported(await (await lazy.import()).importFile(cli, file, options)),
      ),
    );
}

function registerRollback(noun: Command): void {
  changing(
    noun
      .command('rollback')
      .argument('<file>', 'what a migration command wrote before it changed anything')
      .description('Set back what a migration command changed; shows what would be done'),
  )
    .addHelpText('after', example('migration rollback import.jsonl --apply'))
    .action(
      run<RecordingOptions & { apply?: boolean }>(async (cli, options, file) =>
        (await lazy.report()).rolledBack(
          await (await lazy.rollback()).rollBack(cli, file, options),
        ),
      ),
    );
}

/** Options of whatever changes something. */
function changing(command: Command): Command {
  return command
    .option('--apply', 'do it')
    .option('--rollback-file <path>', 'where to write what undoes it (default: in DATA_DIR)');
}
