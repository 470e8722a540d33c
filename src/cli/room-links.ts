import { Argument, type Command } from 'commander';
import { type EntityType, entityTypes } from '../entities/room.ts';
import { type Confirmation, confirm, irreversible } from './confirm.ts';
import { example } from './example.ts';
import { run } from './run.ts';

const lazy = {
  find: () => import('../entities/find.ts'),
  link: () => import('../entities/link-and-wait.ts'),
  unlink: () => import('../entities/links.ts'),
};

const actor = 'operator';

type OfTenant = { tenant?: string };

/** Linking rooms that were there before, and letting go of them. */
export function registerLinks(noun: Command): void {
  ofEntity(noun, 'link', 'Link an entity without a room to a room that exists')
    .argument('<room-id>', "Matrix's id of the room, such as !opaque:matrix.example")
    .addHelpText(
      'after',
      `${example('rooms link group chess !opaque:matrix.example --tenant acme')}
The bot must be in the room, or invited to it, and have power level 100 there.
Where the bot can read what is said, an administrator of the room can confirm the
link themselves: see docs/bot.md.
`,
    )
    .action(
      run<OfTenant, [type: EntityType, slug: string, roomId: string]>(
        async ({ database }, { tenant }, type, slug, roomId) => {
          const { entityOf } = await lazy.find();
          const { linkAndWait } = await lazy.link();
          const entity = await entityOf(database, { type, slug, tenant });
          const room = await linkAndWait(database, { entity, roomId, requestedBy: actor });
          const { id, entityType, entitySlug, state } = room;
          return {
            data: { id, roomId, entityType, entitySlug, state },
            text: `Linked ${roomId} to the ${type} ${slug}.`,
          };
        },
      ),
    );
  const letGo = 'Let go of a linked room: its people keep it, the bot leaves';
  irreversible(ofEntity(noun, 'unlink', letGo))
    .addHelpText('after', example('rooms unlink group chess --tenant acme --yes'))
    .action(
      run<OfTenant & Confirmation, [type: EntityType, slug: string]>(
        async (cli, options, type, slug) => {
          const { tenant } = options;
          const act = `Let go of the room of the ${type} ${slug}: only its administrators can bring the bot back`;
          await confirm(cli, options, act);
          const { entityOf } = await lazy.find();
          const { unlink } = await lazy.unlink();
          const entity = await entityOf(cli.database, { type, slug, tenant });
          const roomId = await cli.database.transaction((tx) => unlink(tx, { entity, actor }));
          return { data: { roomId }, text: `Let go of ${roomId}.` };
        },
      ),
    );
}

function ofEntity(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .addArgument(new Argument('<type>', 'what the entity is').choices(entityTypes))
    .argument('<slug>', 'what the platform calls it')
    .description(description)
    .option('--tenant <tenant>', 'its tenant (default: the default one)');
}
