import { type Command, Option } from 'commander';
import type { Reconciled } from '../entities/follow-reconcile.ts';
import { entityTypes } from '../entities/room.ts';
import { example } from './example.ts';
import { wholeNumber } from './options.ts';
import { registerLinks } from './room-links.ts';
import { type Cli, run } from './run.ts';

const lazy = {
  find: () => import('../entities/find.ts'),
  follow: () => import('../entities/follow-reconcile.ts'),
  progress: () => import('../migration/progress.ts'),
  reconcile: () => import('../entities/reconcile.ts'),
  removals: () => import('../entities/held-removals.ts'),
  report: () => import('./room-report.ts'),
  sync: () => import('../entities/queue-sync.ts'),
  tenants: () => import('../tenants/find.ts'),
};

const actor = 'operator';

type Operands = [type: string, slug: string];
type OfTenant = { tenant?: string };
type ReconcileOptions = OfTenant & {
  dryRun?: boolean;
  /** Commander's name for `--no-wait`. */
  wait: boolean;
};

export function register(noun: Command): void {
  registerQuestions(noun);
  registerReconcile(noun);
  registerLinks(noun);
  ofRoom(noun, 'sync', 'Have the worker make a room as it should be now')
    .addHelpText('after', example('rooms sync event js-workshop --tenant acme'))
    .action(
      run<OfTenant, Operands>(async ({ database }, { tenant }, type, slug) => {
        const { requestSync } = await lazy.sync();
        const room = await (await lazy.find()).requireRoom(database, { type, slug, tenant });
        await database.transaction((tx) => requestSync(tx, { room: room.id, actor }));
        return { data: room, text: `Queued: see how it went by: rooms show ${type} ${slug}` };
      }),
    );
  ofRoom(noun, 'confirm-removals', 'Let people be taken out whose removal was held as too many')
    .option('--yes', 'do it; without this, only who they are is shown')
    .addHelpText('after', example('rooms confirm-removals group chess --tenant acme --yes'))
    .action(
      run<OfTenant & { yes?: boolean }, Operands>(async (cli, { tenant, yes }, type, slug) => {
        const { database } = cli;
        const { confirmHeldRemovals } = await lazy.removals();
        const room = await (await lazy.find()).requireRoom(database, { type, slug, tenant });
        const confirmed = yes ?? false;
        if (confirmed) {
          await database.transaction((tx) => confirmHeldRemovals(tx, { room, actor }));
        }
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
        return (await lazy.report()).reconciled(await reconcile(cli, options));
      }),
    );
  noun
    .command('run')
    .argument('<run>', 'its id')
    .description('Show how a comparison of rooms stands, or how it went')
    .addHelpText('after', example('rooms run 0197d3a0-0000-7000-8000-000000000000'))
    .action(
      run(async ({ database }, _, id) =>
        (await lazy.report()).reconciled(await (await lazy.follow()).requireRun(database, id)),
      ),
    );
}

async function reconcile(
  { database, json }: Cli,
  { tenant, dryRun = false, wait }: ReconcileOptions,
): Promise<Reconciled> {
  const { requestReconcile } = await lazy.reconcile();
  const { followRun, requireRun } = await lazy.follow();
  const { Progress } = await lazy.progress();
  const { requireTenant } = await lazy.tenants();
  const tenantId = tenant ? (await requireTenant(database, tenant)).id : null;
  const order = { tenantId, dryRun, actor };
  const id = await database.transaction((tx) => requestReconcile(tx, order));
  if (!wait) return requireRun(database, id);
  const progress = new Progress('rooms compared', { json });
  const outcome = await followRun(database, id, ({ checked, total }) => {
    progress.at(checked, total);
  });
  progress.end();
  return outcome;
}

function ofRoom(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .argument('<type>', `what it belongs to: ${entityTypes.join(', ')} or space`)
    .argument('<slug>', 'as the platform calls it')
    .description(description)
    .addOption(new Option('--tenant <tenant>', 'its tenant (default: the default tenant)'));
}
