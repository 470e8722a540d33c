import { type Command, Option } from 'commander';
import type { ReconcileOptions } from '../entities/follow-reconcile.ts';
import { entityTypes } from '../entities/room.ts';
import { wholeNumber } from './options.ts';
import { example } from './program.ts';
import { run } from './run.ts';

const lazy = {
  change: () => import('../entities/held-removals.ts'),
  find: () => import('../entities/find.ts'),
  reconcile: () => import('../entities/follow-reconcile.ts'),
  report: () => import('./room-report.ts'),
};

type Operands = [type: string, slug: string];
type OfTenant = { tenant?: string };

/** Looking at rooms, and having them compared with what they should be. */
export function registerUpkeep(noun: Command): void {
  registerQuestions(noun);
  registerReconcile(noun);
  ofRoom(noun, 'sync', 'Have the worker make a room as it should be now')
    .addHelpText('after', example('rooms sync event js-workshop --tenant acme'))
    .action(
      run<OfTenant, Operands>(async (cli, { tenant }, type, slug) => {
        const room = await (await lazy.change()).syncNow(cli, { type, slug, tenant });
        return { data: room, text: `Queued: see how it went by: rooms show ${type} ${slug}` };
      }),
    );
  ofRoom(noun, 'confirm-removals', 'Let people be taken out whose removal was held as too many')
    .option('--yes', 'do it; without this, only who they are is shown')
    .addHelpText('after', example('rooms confirm-removals group chess --tenant acme --yes'))
    .action(
      run<OfTenant & { yes?: boolean }, Operands>(async (cli, { tenant, yes }, type, slug) => {
        const room = await (await lazy.find()).requireRoom(cli.database, { type, slug, tenant });
        const confirmed = yes ?? false;
        if (confirmed) await (await lazy.change()).confirmHeld(cli, room);
        const who = room.heldUsers ?? [];
        const end = confirmed
          ? `${who.length} people are taken out now.`
          : `${who.length} people wait to be taken out. To let it happen: --yes`;
        const data = { confirmed, digest: room.heldDigest, users: who };
        return { data, text: [...who, end].join('\n') };
      }),
    );
}

function registerQuestions(noun: Command): void {
  noun
    .command('list')
    .description('List rooms, and how they are')
    .option('--tenant <tenant>', 'only of this tenant')
    .option('--troubled', 'only those with an error, or with removals to confirm')
    .option('--limit <number>', 'at most so many', wholeNumber(1, 10_000), 100)
    .addHelpText('after', example('rooms list --tenant acme', 'rooms list --troubled'))
    .action(
      run<OfTenant & { troubled?: boolean; limit: number }>(async (cli, options) => {
        const rooms = await (await lazy.find()).listRooms(cli.database, options);
        return (await lazy.report()).listed(rooms);
      }),
    );
  ofRoom(noun, 'show', 'Show everything about a room')
    .addHelpText('after', example('rooms show event js-workshop --tenant acme'))
    .action(
      run<OfTenant, Operands>(async (cli, { tenant }, type, slug) => {
        const room = await (await lazy.find()).requireRoom(cli.database, { type, slug, tenant });
        return (await lazy.report()).shown(room);
      }),
    );
}

function registerReconcile(noun: Command): void {
  noun
    .command('reconcile')
    .description('Compare every room with what it should be, and mend what differs')
    .option('--tenant <tenant>', 'only the rooms of this tenant')
    .option('--dry-run', 'only say what would be done')
    .option('--no-wait', 'do not wait for the end')
    .addHelpText('after', example('rooms reconcile --dry-run', 'rooms reconcile --tenant acme'))
    .action(
      run<ReconcileOptions>(async (cli, options) => {
        const outcome = await (await lazy.reconcile()).reconcile(cli, options);
        return (await lazy.report()).reconciled(outcome);
      }),
    );
  noun
    .command('run')
    .argument('<run>', 'its id')
    .description('Show how a comparison of rooms stands, or how it went')
    .addHelpText('after', example('rooms run 0197d3a0-0000-7000-8000-000000000000'))
    .action(
      run(async (cli, _, id) =>
        (await lazy.report()).reconciled(await (await lazy.reconcile()).showRun(cli, id)),
      ),
    );
}

function ofRoom(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .argument('<type>', `what it belongs to: ${entityTypes.join(', ')} or space`)
    .argument('<slug>', 'as the platform calls it')
    .description(description)
    .addOption(new Option('--tenant <tenant>', 'its tenant (default: the default tenant)'));
}
