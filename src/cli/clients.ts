import { type Command, Option } from 'commander';
import type { AddOptions, FoundClient, SetOptions } from '../clients/find.ts';
import { type Confirmation, confirm, irreversible } from './confirm.ts';
import { example } from './example.ts';
import { collect, collectWords } from './options.ts';
import { fields, type Report, table } from './report.ts';
import { type Cli, run } from './run.ts';

const lazy = {
  add: () => import('../clients/add.ts'),
  change: () => import('../clients/change.ts'),
  set: () => import('../clients/set.ts'),
  find: () => import('../clients/find.ts'),
};

export function register(noun: Command): void {
  registerAdd(noun);
  noun
    .command('list')
    .description('List all clients')
    .addHelpText('after', example('clients list'))
    .action(run(async (cli) => listed(await (await lazy.find()).allClients(cli.database))));
  noun
    .command('show')
    .argument('<client>', 'its id')
    .description('Show everything about a client, but for its secret, which nobody can read again')
    .addHelpText('after', example('clients show matrix_synapse'))
    .action(
      run(async (cli, _, id) => shown(await (await lazy.find()).requireClient(cli.database, id))),
    );
  registerSet(noun);
  registerChanges(noun);
}

function registerAdd(noun: Command): void {
  const command = noun
    .command('add')
    .description('Add an application; a secret that it needs is made and shown once')
    .requiredOption('--id <id>', 'its client id')
    .option('--name <name>', 'its name for people (default: its id)');
  withRights(withAuthentication(command))
    .option('--redirect-uri <uri>', 'where sign-ins return to, exactly, repeatable', collect)
    .option('--post-logout-redirect-uri <uri>', 'where sign-outs return to, repeatable', collect)
    .option('--backchannel-logout-uri <uri>', 'where it is told of sign-outs')
    .option('--require-pushed-authorization-requests', 'it pushes every request first (RFC 9126)')
    .option('--dpop-bound-access-tokens', 'its tokens are bound to a key of its own (RFC 9449)')
    .option('--idp-id <id>', 'the idp_id of the Synapse provider block that uses it')
    .option('--uri <url>', 'its web site')
    .option('--logo <url>', 'its logo')
    .option(
      '--handoff-origin <origin>',
      'an origin of its pages that hand people over, repeatable',
      collect,
    )
    .option(
      '--handoff-target <url>',
      'where people who are handed over to it may end, repeatable',
      collect,
    )
    .addHelpText(
      'after',
      example(
        'clients add --id chat --redirect-uri https://chat.example.org/callback --tenant acme',
        'clients add --id events --grant client_credentials --scope accounts:read --tenant acme',
      ),
    )
    .action(
      run<AddOptions>(async (cli, options) => {
        const { client, secret } = await (await lazy.add()).add(cli, options);
        return withSecret(client, secret);
      }),
    );
}

/** How it proves that it is itself, and we that we are. */
function withAuthentication(command: Command): Command {
  return command
    .option('--secret <secret>', 'its secret, if it has one already ("-" reads it from input)')
    .addOption(
      new Option('--auth-method <method>', 'how it proves that it is itself')
        .choices(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
        .default('client_secret_basic'),
    )
    .option('--jwks <file>', 'its public keys, for private_key_jwt and signed requests')
    .option('--no-pkce', 'it is known not to support PKCE; never for public clients')
    .addOption(
      new Option('--id-token-alg <alg>', 'how its ID tokens are signed')
        .choices(['RS256', 'ES256'])
        .default('RS256'),
    );
}

/** For whom it may ask for what. */
function withRights(command: Command): Command {
  return command
    .option('--first-party', 'it is ours: people are not asked for their consent')
    .option('--tenant <tenant>', 'a tenant that it serves, repeatable (default: all)', collect)
    .option('--all-tenants', 'it serves all tenants; must be said for client_credentials')
    .option(
      '--grant <grant>',
      'a grant that it may use, repeatable (default: authorization_code refresh_token)',
      collectWords,
    )
    .option(
      '--scope <scope>',
      'a scope that it may ask for, repeatable (default: openid profile email tenant offline_access)',
      collectWords,
    );
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
    .addHelpText(
      'after',
      example('clients set chat --backchannel-logout-uri https://chat.example.org/signed-out'),
    )
    .action(
      run<SetOptions>(async (cli, options, id) =>
        shown(await (await lazy.set()).set(cli, id, options)),
      ),
    );
}

function registerChanges(noun: Command): void {
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
        run(async (cli, _, id) => shown(await (await lazy.change()).disable(cli, id, disabled))),
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
        const { client, secret } = await (await lazy.change()).rotateSecret(cli, id, options);
        return withSecret(client, secret);
      }),
    );
  noun
    .command('set-redirect-uris')
    .argument('<client>', 'its id')
    .argument('<uri...>', 'all that it may return to, exactly')
    .description('Replace the redirect URIs of a client')
    .addHelpText('after', example('clients set-redirect-uris chat https://chat.example.org/cb'))
    .action(
      run<object, [string, string[]]>(async (cli, _, id, uris) =>
        shown(await (await lazy.change()).replaceRedirectUris(cli, id, uris)),
      ),
    );
  for (const { verb, value, description, replace } of handoffLists) {
    noun
      .command(verb)
      .argument('<client>', 'its id')
      .argument('[value...]', 'all of them; none ends hand-off')
      .description(description)
      .addHelpText('after', example(`clients ${verb} ${value}`))
      .action(
        run<object, [string, string[]]>(async (cli, _, id, values) =>
          shown(await replace(cli, id, values)),
        ),
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
        await (await lazy.change()).remove(cli, id);
        return { data: { id, removed: true }, text: `Removed ${id}.` };
      }),
    );
}

const handoffLists: {
  verb: string;
  value: string;
  description: string;
  replace(cli: Cli, id: string, values: string[]): Promise<FoundClient>;
}[] = [
  {
    verb: 'set-handoff-origins',
    value: 'events https://events.example.org',
    description: 'Replace the origins from which a platform’s pages hand people over',
    replace: async (...change) => (await lazy.change()).replaceHandoffOrigins(...change),
  },
  {
    verb: 'set-handoff-targets',
    value: 'matrix_synapse https://chat.example.org/',
    description: 'Replace the beginnings of addresses at which a hand-off to a client may end',
    replace: async (...change) => (await lazy.change()).replaceHandoffTargets(...change),
  },
];

function listed(clients: FoundClient[]): Report {
  const rows = clients.map((client) => [
    client.id,
    client.name,
    client.allTenants ? 'all' : client.tenants,
    client.grantTypes,
    client.idpId,
    client.disabledAt ? 'disabled' : '',
  ]);
  const headings = ['id', 'name', 'tenants', 'grants', 'idp_id', ''];
  return { data: clients, text: table(headings, rows, 'No clients.') };
}

function shown(client: FoundClient): Report {
  return { data: client, text: described(client) };
}

function withSecret(client: FoundClient, secret: string | undefined): Report {
  if (!secret) return shown(client);
  const text = `${described(client)}\n\nIts secret, which is not shown again:\n${secret}`;
  return { data: { ...client, secret }, text };
}

function described(client: FoundClient): string {
  return fields({
    id: client.id,
    name: client.name,
    disabled: client.disabledAt,
    tenants: client.allTenants ? 'all' : client.tenants,
    authentication: client.tokenEndpointAuthMethod,
    'first party': client.firstParty,
    'PKCE required': client.pkceRequired,
    'pushed requests': client.requirePushedAuthorizationRequests,
    'tokens bound (DPoP)': client.dpopBoundAccessTokens,
    grants: client.grantTypes,
    scopes: client.scopes,
    'redirect URIs': client.redirectUris,
    'after sign-out': client.postLogoutRedirectUris,
    'back-channel': client.backchannelLogoutUri,
    idp_id: client.idpId,
    'ID token': client.idTokenSignedResponseAlg,
    'web site': client.clientUri,
    logo: client.logoUri,
    'hand-off from': client.handoffOrigins,
    'hand-off to': client.handoffTargets,
  });
}
