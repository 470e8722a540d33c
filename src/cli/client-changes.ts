import type { Command } from 'commander';
import { operator } from '../authority/authority.ts';
import { shown, withSecret } from './client-report.ts';
import { type Confirmation, confirm, irreversible } from './confirm.ts';
import { example } from './example.ts';
import { collect, secretValue } from './options.ts';
import { type Cli, run } from './run.ts';

const lazy = {
  change: () => import('../clients/change.ts'),
  first: () => import('../first-start.ts'),
  jwks: () => import('./jwks-file.ts'),
};

/** As commander reads them. */
export type SetOptions = {
  requirePushedAuthorizationRequests?: boolean;
  dpopBoundAccessTokens?: boolean;
  acr?: string;
  backchannelLogoutUri?: string;
  postLogoutRedirectUri?: string[];
  jwks?: string;
};

/** What can be changed of a client that is there. */
export function registerChanges(noun: Command): void {
  registerSet(noun);
  registerSwitches(noun);
}

function registerSet(noun: Command): void {
  noun
    .command('set')
    .argument('<client>', 'its id')
    .description('Change what is given of a client')
    .option('--backchannel-logout-uri <uri>', 'where it is told of sign-outs ("": nowhere)')
    .option(
      '--post-logout-redirect-uri <uri>',
      'where sign-outs return to, in the place of all before, repeatable ("": nowhere)',
      collect,
    )
    .option('--jwks <file>', 'its public keys, in the place of those it had')
    .option('--require-pushed-authorization-requests', 'it pushes every request first (RFC 9126)')
    .option('--no-require-pushed-authorization-requests', 'it need not')
    .option('--dpop-bound-access-tokens', 'its tokens are bound to a key of its own (RFC 9449)')
    .option('--no-dpop-bound-access-tokens', 'they need not be')
    .option('--acr <acr>', 'what each sign-in to it has to reach ("": any will do)')
    .addHelpText(
      'after',
      example('clients set chat --backchannel-logout-uri https://chat.example.org/signed-out'),
    )
    .action(
      run<SetOptions>(async (cli, options, id) => {
        const { changeClient } = await lazy.change();
        const { backchannelLogoutUri: uri, postLogoutRedirectUri, jwks, acr, ...flags } = options;
        const { database, config } = cli;
        const { requirePushedAuthorizationRequests, dpopBoundAccessTokens } = flags;
        const { synapseUrl } = config.matrix;
        await changeClient({ database, synapseUrl }, operator, id, {
          ...{ requirePushedAuthorizationRequests, dpopBoundAccessTokens },
          acr: acr === undefined ? undefined : acr || null,
          backchannelLogoutUri: uri === undefined ? undefined : uri || null,
          postLogoutRedirectUris: postLogoutRedirectUri?.filter((one) => one !== ''),
          jwks: jwks ? (await lazy.jwks()).readJwks(jwks) : undefined,
        });
        return shown(cli, id);
      }),
    );
}

function registerSwitches(noun: Command): void {
  for (const [verb, disabled, description] of [
    ['disable', true, 'Stop a client: no sign-ins, and its tokens stop working at once'],
    ['enable', false, 'Let a disabled client go on; tokens that have not expired work again'],
  ] as const) {
    noun
      .command(verb)
      .argument('<client>', 'its id')
      .description(description)
      .addHelpText('after', example(`clients ${verb} chat`))
      .action(
        run(async (cli, _, id) => {
          const { disableClient } = await lazy.change();
          await disableClient(cli.database, operator, id, disabled);
          return shown(cli, id);
        }),
      );
  }
  noun
    .command('rotate-secret')
    .argument('<client>', 'its id')
    .description('Give a client a new secret, shown once; the old one stops working at once')
    .option('--secret <secret>', 'the secret to set ("-" reads it from input)')
    .addHelpText('after', example('clients rotate-secret matrix_synapse'))
    .action(
      run<{ secret?: string }>(async (cli, options, id) => {
        const { rotateClientSecret } = await lazy.change();
        const { refreshSecretFile } = await lazy.first();
        const { database, fingerprints, config } = cli;
        const { production, dataDir } = config;
        const given = await secretValue(options.secret);
        const chosen = await rotateClientSecret(
          { database, fingerprints, production },
          operator,
          id,
          given,
        );
        await refreshSecretFile(dataDir, id, chosen.secret);
        return withSecret(cli, id, chosen);
      }),
    );
  noun
    .command('set-redirect-uris')
    .argument('<client>', 'its id')
    .argument('<uri...>', 'all that it may return to, exactly')
    .description('Replace the redirect URIs of a client')
    .addHelpText('after', example('clients set-redirect-uris chat https://chat.example.org/cb'))
    .action(
      run<object, [string, string[]]>(async (cli, _, id, uris) => {
        await (await lazy.change()).replaceRedirectUris(cli.database, operator, id, uris);
        return shown(cli, id);
      }),
    );
  for (const { verb, value, description, replace } of handoffLists) {
    noun
      .command(verb)
      .argument('<client>', 'its id')
      .argument('[value...]', 'all of them; none ends hand-off')
      .description(description)
      .addHelpText('after', example(`clients ${verb} ${value}`))
      .action(
        run<object, [string, string[]]>(async (cli, _, id, values) => {
          await replace(cli, id, values);
          return shown(cli, id);
        }),
      );
  }
  irreversible(
    noun
      .command('remove')
      .argument('<client>', 'its id')
      .description('Remove a client with everything that was issued to it'),
  )
    .addHelpText('after', example('clients remove chat', 'clients remove chat --yes'))
    .action(
      run<Confirmation>(async (cli, options, id) => {
        await confirm(cli, options, `Remove the client ${id} with all that was issued to it`);
        await (await lazy.change()).removeClient(cli.database, operator, id);
        return { data: { id, removed: true }, text: `Removed ${id}.` };
      }),
    );
}

const handoffLists: {
  verb: string;
  value: string;
  description: string;
  replace(cli: Cli, id: string, values: string[]): Promise<void>;
}[] = [
  {
    verb: 'set-handoff-origins',
    value: 'events https://events.example.org',
    description: 'Replace the origins from which a platform’s pages hand people over',
    replace: async ({ database }, ...change) =>
      (await lazy.change()).replaceHandoffOrigins(database, operator, ...change),
  },
  {
    verb: 'set-handoff-targets',
    value: 'matrix_synapse https://chat.example.org/',
    description: 'Replace the beginnings of addresses at which a hand-off to a client may end',
    replace: async ({ database }, ...change) =>
      (await lazy.change()).replaceHandoffTargets(database, operator, ...change),
  },
];
