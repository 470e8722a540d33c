import type { Command } from 'commander';
import type { RegistrationOptions } from '../deployment/bot-registration.ts';
import type { ConfigOptions } from '../deployment/synapse-settings.ts';
import type { BotOptions } from '../matrix/bot.ts';
import { collect, collectOrigins, origin } from './options.ts';
import { example } from './program.ts';
import { run } from './run.ts';
import type { ConnectOptions } from './synapse/connect.ts';

const lazy = {
  config: () => import('../deployment/synapse-settings.ts'),
  connect: () => import('./synapse/connect.ts'),
  registration: () => import('../deployment/bot-registration.ts'),
  bot: () => import('../matrix/bot.ts'),
};

export function register(noun: Command): void {
  noun
    .command('config')
    .description('Print what to add to the homeserver.yaml of a Synapse that exists')
    .option('--client <id>', 'only the block of this client, repeatable', collect)
    .option('--secret-path <path>', "the file on Synapse's machine that will hold the secret")
    .option(
      '--web-client <origin>',
      'a web client that people need not confirm, repeatable',
      collectOrigins,
    )
    .addHelpText('after', example('synapse config --web-client https://chat.example.org'))
    .action(
      run<ConfigOptions>(async (cli, options) => (await lazy.config()).synapseConfig(cli, options)),
    );
  noun
    .command('connect')
    .description('Set where a client finds its homeserver: for sign-ins and for sign-outs')
    .option('--client <id>', 'the client of the homeserver', 'matrix_synapse')
    .option(
      '--public-url <origin>',
      'where browsers reach it (default: SYNAPSE_PUBLIC_URL)',
      origin,
    )
    .option('--url <origin>', 'where this service reaches it (default: SYNAPSE_URL)', origin)
    .addHelpText('after', example('synapse connect --public-url https://matrix.example.org'))
    .action(
      run<ConnectOptions>(async (cli, options) => (await lazy.connect()).connect(cli, options)),
    );
  registerBotCommands(noun);
}

function registerBotCommands(noun: Command): void {
  noun
    .command('registration')
    .description('Print the file by which Synapse knows the bot that keeps rooms')
    .option('--url <origin>', 'where Synapse reaches this service (default: PUBLIC_URL)', origin)
    .option('--out <file>', 'write it there, readable by its owner alone')
    .option('--new-tokens', 'make new tokens although some are set')
    .addHelpText('after', example('synapse registration --out openmeet-bot.yaml'))
    .action(
      run<RegistrationOptions>(async (cli, options) =>
        (await lazy.registration()).synapseRegistration(cli, options),
      ),
    );
  noun
    .command('bot')
    .description("Make the bot's user on Synapse, and a server admin of it")
    .option('--admin-token-file <file>', 'a server admin\'s token, needed once ("-" reads input)')
    .option('--name <name>', 'how people see it', 'OpenMeet')
    .option('--avatar <file>', 'its picture: a PNG, JPEG, GIF or WebP, or an mxc:// address')
    .addHelpText(
      'after',
      `${example('synapse bot --admin-token-file admin-token.txt')}
Nobody is a server admin yet? While registration_shared_secret is set in homeserver.yaml, either of
these makes one:
  node synapse/admin-token.ts http://127.0.0.1:8008 < file-with-the-shared-secret
  register_new_matrix_user --admin --config homeserver.yaml
Or make the bot one in Synapse's database, then restart Synapse:
  UPDATE users SET admin = 1 WHERE name = '@openmeet-bot:your.server';
`,
    )
    .action(run<BotOptions>(async (cli, options) => (await lazy.bot()).setUpBot(cli, options)));
}
