import type { Command } from 'commander';
import { collect, collectOrigins, origin } from './options.ts';
import { example } from './program.ts';
import { run } from './run.ts';
import type { ConfigOptions } from './synapse/config.ts';
import type { ConnectOptions } from './synapse/connect.ts';

const lazy = {
  config: () => import('./synapse/config.ts'),
  connect: () => import('./synapse/connect.ts'),
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
}
