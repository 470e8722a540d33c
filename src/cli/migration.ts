import { type Command, Option } from 'commander';
import type { GoLiveOptions } from '../migration/go-live.ts';
import type { ImportOptions } from '../migration/import/run.ts';
import type { MarkOptions } from '../migration/mark-legacy.ts';
import type { MissingOptions } from '../migration/missing-rooms.ts';
import type { LevelsOptions } from '../migration/power-levels.ts';
import type { RecordingOptions } from '../migration/recording.ts';
import type { ValidateOptions } from '../migration/validate-rooms.ts';
import { example } from './example.ts';
import { moment, wholeNumber } from './options.ts';
import { run } from './run.ts';

const lazy = {
  goLive: () => import('../migration/go-live.ts'),
  import: () => import('../migration/import/run.ts'),
  levels: () => import('../migration/power-levels.ts'),
  mark: () => import('../migration/mark-legacy.ts'),
  missing: () => import('../migration/missing-rooms.ts'),
  validate: () => import('../migration/validate-rooms.ts'),
  withoutMatrix: () => import('../migration/without-matrix.ts'),
  rollback: () => import('../migration/rollback.ts'),
  report: () => import('./migration-report.ts'),
};

const fileKinds = ['entities', 'members', 'users', 'handles'];

export function register(noun: Command): void {
  registerQuestions(noun);
  registerImport(noun);
  registerMissing(noun);
  registerRooms(noun);
  registerRollback(noun);
}

const ofTenant = 'only of this tenant (default: of all)';
const namedRooms = 'rooms that a file names in a column room_id, instead of those we have';
const mayTakePower = 'where the bot has too little power, take it from who has it there';

function registerQuestions(noun: Command): void {
  noun
    .command('validate-rooms')
    .description('Ask Synapse about every room, and list valid and missing ones')
    .option('--tenant <tenant>', ofTenant)
    .option('--file <file>', namedRooms)
    .option('--journal <file>', 'keep what was found there, and go on from it when run again')
    .option('--concurrency <number>', 'rooms asked about at once', wholeNumber(1, 50), 8)
    .addHelpText(
      'after',
      example(
        'migration validate-rooms --file events.csv --journal rooms.journal',
        'migration validate-rooms --tenant acme',
      ),
    )
    .action(
      run<ValidateOptions, []>(async (cli, options) =>
        (await lazy.report()).validated(await (await lazy.validate()).validateRooms(cli, options)),
      ),
    );
  noun
    .command('users-without-matrix')
    .description('List who has no Matrix account, and why')
    .option('--tenant <tenant>', ofTenant)
    .addHelpText('after', example('migration users-without-matrix --tenant acme'))
    .action(
      run<{ tenant?: string }, []>(async (cli, options) =>
        (await lazy.report()).withoutMatrix(
          await (await lazy.withoutMatrix()).usersWithoutMatrix(cli, options),
        ),
      ),
    );
}

function registerMissing(noun: Command): void {
  const missing = (verb: string, description: string) =>
    changing(
      noun
        .command(verb)
        .description(description)
        .option('--tenant <tenant>', ofTenant)
        .option('--yes', 'also where most rooms are missing'),
    ).addHelpText('after', example(`migration ${verb}`, `migration ${verb} --tenant acme --apply`));
  missing('clear-missing', 'Forget rooms that Synapse does not have').action(
    run<MissingOptions, []>(async (cli, options) =>
      (await lazy.report()).cleared(await (await lazy.missing()).clearMissing(cli, options)),
    ),
  );
  missing('recreate-missing', 'Have rooms that are missing, or were cleared, made anew').action(
    run<MissingOptions, []>(async (cli, options) =>
      (await lazy.report()).cleared(await (await lazy.missing()).recreateMissing(cli, options)),
    ),
  );
}

function registerRooms(noun: Command): void {
  changing(
    noun
      .command('mark-legacy')
      .description('Write whose they are into rooms that do not say it, and that they are old')
      .option('--tenant <tenant>', ofTenant)
      .option('--file <file>', namedRooms)
      .option('--take-power', mayTakePower),
  )
    .addHelpText(
      'after',
      example('migration mark-legacy', 'migration mark-legacy --file rest.csv --apply'),
    )
    .action(
      run<MarkOptions, []>(async (cli, options) =>
        (await lazy.report()).marked(await (await lazy.mark()).markLegacy(cli, options)),
      ),
    );
  changing(
    noun
      .command('power-levels')
      .description('Compare power levels with roles; with --apply, mend them')
      .option('--tenant <tenant>', ofTenant)
      .option('--take-power', mayTakePower),
  )
    .addHelpText('after', example('migration power-levels --tenant acme'))
    .action(
      run<LevelsOptions, []>(async (cli, options) =>
        (await lazy.report()).levelled(await (await lazy.levels()).auditLevels(cli, options)),
      ),
    );
  changing(
    noun
      .command('go-live')
      .description('Treat people in imported rooms as everywhere; shows whom nobody gave a role')
      .option('--tenant <tenant>', ofTenant),
  )
    .addHelpText('after', example('migration go-live --tenant acme'))
    .action(
      run<GoLiveOptions, []>(async (cli, options) =>
        (await lazy.report()).live(await (await lazy.goLive()).goLive(cli, options)),
      ),
    );
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
