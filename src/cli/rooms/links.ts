import { Argument, type Command } from 'commander';
import { entityTypes } from '../../rooms/room.ts';
import { example } from '../program.ts';
import { run } from '../run.ts';

const lazy = () => import('./link.ts');

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
      run<OfTenant, [type: string, slug: string, roomId: string]>(
        async (cli, { tenant }, type, slug, roomId) => {
          const room = await (await lazy()).link(cli, { type, slug, tenant, roomId });
          return { data: room, text: `Linked ${roomId} to the ${type} ${slug}.` };
        },
      ),
    );
  ofEntity(noun, 'unlink', 'Let go of a linked room: its people keep it, the bot leaves')
    .addHelpText('after', example('rooms unlink group chess --tenant acme'))
    .action(
      run<OfTenant, [type: string, slug: string]>(async (cli, { tenant }, type, slug) => {
        const roomId = await (await lazy()).unlinkRoom(cli, { type, slug, tenant });
        return { data: { roomId }, text: `Let go of ${roomId}.` };
      }),
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
