import { type Command, Option } from 'commander';
import { operator } from '../authority/authority.ts';
import type { NewClient } from '../clients/add.ts';
import type { AuthMethod, Client } from '../clients/clients.store.ts';
import { registerChanges, type SetOptions } from './client-changes.ts';
import { listed, shown, withSecret } from './client-report.ts';
import { example } from './example.ts';
import { collect, collectWords, secretValue } from './options.ts';
import { type Cli, run } from './run.ts';

const lazy = {
  add: () => import('../clients/add.ts'),
  find: () => import('../clients/find.ts'),
  jwks: () => import('./jwks-file.ts'),
  matrix: () => import('../matrix/matrix-users.store.ts'),
  tenants: () => import('../tenants/find.ts'),
};

/** As commander reads them. */
type AddOptions = SetOptions & {
  id: string;
  name?: string;
  secret?: string;
  redirectUri?: string[];
  authMethod: AuthMethod;
  firstParty?: boolean;
  tenant?: string[];
  allTenants?: boolean;
  grant?: string[];
  scope?: string[];
  idpId?: string;
  idTokenAlg: Client['idTokenSignedResponseAlg'];
  pkce: boolean;
  uri?: string;
  logo?: string;
  handoffOrigin?: string[];
  handoffTarget?: string[];
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
    .action(run(async (cli, _, id) => shown(cli, id)));
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
    .option('--acr <acr>', 'what each sign-in to it has to reach')
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
        const { addClient } = await lazy.add();
        const { provisionEveryone } = await lazy.matrix();
        const { production, matrix } = cli.config;
        const chosen = await addClient(
          {
            ...{ database: cli.database, fingerprints: cli.fingerprints, production },
            synapseUrl: matrix.synapseUrl,
            onProviderBlock: matrix.provisioning ? provisionEveryone : undefined,
          },
          operator,
          await newClient(cli, options),
        );
        return withSecret(cli, options.id, chosen);
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

async function newClient(cli: Cli, options: AddOptions): Promise<NewClient> {
  const { requireTenant } = await lazy.tenants();
  const { id, name, firstParty, allTenants, idpId, pkce } = options;
  const { requirePushedAuthorizationRequests, dpopBoundAccessTokens, acr } = options;
  for (const tenant of options.tenant ?? []) await requireTenant(cli.database, tenant);
  return {
    ...{ id, name, firstParty, allTenants, idpId, pkceRequired: pkce },
    ...{ requirePushedAuthorizationRequests, dpopBoundAccessTokens, acr },
    secret: await secretValue(options.secret),
    tenants: options.tenant,
    tokenEndpointAuthMethod: options.authMethod,
    redirectUris: options.redirectUri,
    postLogoutRedirectUris: options.postLogoutRedirectUri,
    grantTypes: options.grant,
    scopes: options.scope,
    jwks: options.jwks ? (await lazy.jwks()).readJwks(options.jwks) : undefined,
    idTokenSignedResponseAlg: options.idTokenAlg,
    backchannelLogoutUri: options.backchannelLogoutUri,
    clientUri: options.uri,
    logoUri: options.logo,
    handoffOrigins: options.handoffOrigin,
    handoffTargets: options.handoffTarget,
  };
}
