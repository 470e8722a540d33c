import { type Command, Option } from 'commander';
import { operator } from '../authority/authority.ts';
import type { ConnectionSettings, NewConnection } from '../federation/connections/change.ts';
import { type AuthMethod, authMethods } from '../federation/connections/connections.store.ts';
import type { FoundConnection } from '../federation/connections/find.ts';
import { claimInvalid } from '../federation/connections/rules.ts';
import { example } from './example.ts';
import { collect, collectDomains, collectWords, readFile, secretValue } from './options.ts';
import { fields, type Report, table } from './report.ts';
import { type Cli, run } from './run.ts';

const lazy = {
  change: () => import('../federation/connections/change.ts'),
  find: () => import('../federation/connections/find.ts'),
  tenants: () => import('../tenants/find.ts'),
};

/** As commander reads them. */
type SettingOptions = {
  name?: string;
  clientId?: string;
  authMethod?: AuthMethod;
  secret?: string;
  secretFile?: string;
  scope?: string[];
  claim?: string[];
  vouchForEmail?: boolean;
  trustMfa?: boolean;
  allowedGroup?: string[];
  allowedEmailDomain?: string[];
};

type AddOptions = SettingOptions &
  Pick<NewConnection, 'id' | 'tenant' | 'name' | 'issuer' | 'clientId' | 'authMethod' | 'shared'>;

export function register(noun: Command): void {
  registerAdd(noun);
  noun
    .command('list')
    .description('List the OpenID providers of all tenants')
    .addHelpText('after', example('connections list'))
    .action(
      run(async ({ database, config: { publicUrl } }) =>
        listed(await (await lazy.find()).allConnections({ database, publicUrl })),
      ),
    );
  noun
    .command('show')
    .argument('<connection>', 'its id')
    .description('Show everything about a connection, but for its secret')
    .addHelpText('after', example('connections show acme-keycloak'))
    .action(run(async (cli, _, id) => shown(cli, id)));
  registerChanges(noun);
}

function registerAdd(noun: Command): void {
  withSettings(
    noun
      .command('add')
      .description('Let the people of a tenant sign in with their own OpenID provider')
      .requiredOption('--tenant <tenant>', 'the tenant whose people they are')
      .requiredOption('--id <id>', 'its id here, part of the redirect URI: it can never change')
      .requiredOption('--name <name>', 'its name for people, as on the button')
      .requiredOption('--issuer <url>', 'its issuer, exactly as its discovery says')
      .requiredOption('--client-id <id>', 'our client id there')
      .option('--shared', 'another tenant has a connection to the same issuer'),
    'client_secret_basic',
  )
    .addHelpText(
      'after',
      example(
        'connections add --tenant acme --id acme-keycloak --name "Acme staff" --issuer https://sso.acme.org/realms/staff --client-id openmeet --secret-file secret.txt',
      ),
    )
    .action(
      run<AddOptions>(async (cli, options) => {
        const { addConnection } = await lazy.change();
        const { database, ring, config } = cli;
        const { publicUrl, upstream } = config;
        const { id, name, issuer, clientId, authMethod, shared } = options;
        const { id: tenant } = await (await lazy.tenants()).requireTenant(database, options.tenant);
        await addConnection({ database, ring, publicUrl, upstream }, operator, {
          ...(await settingsFrom(options)),
          ...{ id, tenant, name, issuer, clientId, authMethod, shared },
        });
        return shown(cli, id);
      }),
    );
}

function withSettings(command: Command, defaultMethod?: string): Command {
  const method = new Option('--auth-method <method>', 'how we prove ourselves there').choices(
    authMethods,
  );
  return command
    .addOption(defaultMethod ? method.default(defaultMethod) : method)
    .option('--secret <secret>', 'our secret there ("-" reads it from input)')
    .option('--secret-file <file>', 'a file that holds our secret there')
    .option(
      '--scope <scope>',
      'a scope to ask for, repeatable (default: profile email)',
      collectWords,
    )
    .option(
      '--claim <name=claim>',
      'which claim says name, email, picture, groups or handle, repeatable',
      collect,
    )
    .option(
      '--vouch-for-email',
      'DANGEROUS: take any address in the claim mapped as email for proved; whoever can choose theirs there takes over accounts here',
    )
    .option(
      '--trust-mfa',
      'believe its ID tokens where they say that it asked for more than one factor',
    )
    .option('--allowed-group <group>', 'admit only people in one of these, repeatable', collect)
    .option(
      '--allowed-email-domain <domain>',
      'admit only verified addresses of these, repeatable',
      collectDomains,
    );
}

function registerChanges(noun: Command): void {
  withSettings(
    noun
      .command('set')
      .argument('<connection>', 'its id')
      .description('Change a connection; an option given with an empty value ("") takes it away')
      .option('--name <name>', 'its name for people')
      .option('--client-id <id>', 'our client id there'),
  )
    .option('--no-trust-mfa', 'whatever it asked for is one step here')
    .option('--no-vouch-for-email', 'addresses in the claim mapped as email prove nothing')
    .addHelpText('after', example('connections set acme-keycloak --allowed-group chat-users'))
    .action(
      run<SettingOptions>(async (cli, options, id) => {
        const { changeConnection } = await lazy.change();
        await changeConnection(cli, operator, id, await settingsFrom(options));
        return shown(cli, id);
      }),
    );
  for (const [verb, disabled, description] of [
    ['disable', true, 'Stop sign-ins by a connection; sessions that began go on'],
    ['enable', false, 'Let a disabled connection be used again'],
  ] as const) {
    noun
      .command(verb)
      .argument('<connection>', 'its id')
      .description(description)
      .addHelpText('after', example(`connections ${verb} acme-keycloak`))
      .action(
        run(async (cli, _, id) => {
          const { disableConnection } = await lazy.change();
          await disableConnection(cli.database, operator, id, disabled);
          return shown(cli, id);
        }),
      );
  }
  noun
    .command('remove')
    .argument('<connection>', 'its id')
    .description('Remove a connection; nobody can sign in by it any more')
    .option('--force', 'also while people sign in by it: they lose this way in')
    .addHelpText('after', example('connections remove acme-keycloak'))
    .action(
      run<{ force?: boolean }>(async (cli, options, id) => {
        const { removeConnection } = await lazy.change();
        await removeConnection(cli.database, operator, id, options);
        return { data: { id, removed: true }, text: `Removed ${id}.` };
      }),
    );
}

async function settingsFrom(options: SettingOptions): Promise<ConnectionSettings> {
  const { name, clientId, authMethod, vouchForEmail, trustMfa } = options;
  const secret = options.secretFile
    ? readFile(options.secretFile).toString().replace(/\s+$/, '')
    : await secretValue(options.secret);
  return {
    ...{ name, clientId, authMethod, vouchForEmail, trustMfa, secret },
    scopes: options.scope,
    claims: options.claim && mappingFrom(options.claim),
    allowedGroups: options.allowedGroup,
    allowedEmailDomains: options.allowedEmailDomain,
  };
}

/**
 * `name=displayName groups=realm_access.roles` as a mapping.
 *
 * @throws AppError `claim_invalid`
 */
function mappingFrom(claims: readonly string[]): Record<string, string> {
  const parts = claims.map((claim) => {
    const [, name, path] = /^(\w+)=(.+)$/.exec(claim) ?? [];
    if (!name || !path) throw claimInvalid(claim);
    return [name, path];
  });
  return Object.fromEntries(parts);
}

async function shown({ database, config }: Cli, id: string): Promise<Report> {
  const { requireConnection } = await lazy.find();
  const connection = await requireConnection({ database, publicUrl: config.publicUrl }, id);
  return { data: connection, text: described(connection) };
}

function listed(connections: FoundConnection[]): Report {
  const rows = connections.map((connection) => [
    connection.id,
    connection.name,
    connection.tenant,
    connection.issuer,
    connection.identities,
    connection.disabledAt ? 'disabled' : '',
  ]);
  const headings = ['id', 'name', 'tenant', 'issuer', 'people', ''];
  return { data: connections, text: table(headings, rows, 'No connections.') };
}

function describeClaims({ claims: { emailVouched: _vouched, ...mapping } }: FoundConnection) {
  return Object.entries(mapping).map(([name, claim]) => `${name}=${claim}`);
}

function described(connection: FoundConnection): string {
  return fields({
    id: connection.id,
    name: connection.name,
    disabled: connection.disabledAt,
    tenant: connection.tenant,
    issuer: connection.issuer,
    'client id': connection.clientId,
    authentication: connection.authMethod,
    'redirect URI': connection.redirectUri,
    'our keys (JWKS)': connection.jwksUri,
    scopes: connection.scopes,
    claims: describeClaims(connection),
    'email vouched for by you': connection.claims.emailVouched,
    'multi-factor believed': connection.mfaTrusted,
    'allowed groups': connection.allowedGroups,
    'allowed email domains': connection.allowedEmailDomains,
    people: connection.identities,
  });
}
