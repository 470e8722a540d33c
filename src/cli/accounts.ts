import type { Command } from 'commander';
import type { FoundAccount } from '../accounts/found.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';
import { ofAccount, registerStatus, type Who } from './account-changes.ts';
import { registerFactors } from './account-factors.ts';
import { registerNames } from './account-names.ts';
import { listed, shown } from './account-report.ts';
import { example } from './example.ts';
import { secretValue, wholeNumber } from './options.ts';
import { type Cli, run, warn } from './run.ts';

const lazy = {
  add: () => import('../accounts/add.ts'),
  breaches: () => import('../accounts/breached-passwords.ts'),
  find: () => import('../accounts/find.ts'),
  found: () => import('../accounts/found.store.ts'),
  hasher: () => import('../accounts/password-hasher.ts'),
  policy: () => import('../handles/policy.ts'),
  provisioning: () => import('../matrix/provisioning.ts'),
  tenant: () => import('../tenants/find.ts'),
  tenants: () => import('../tenants/tenants.store.ts'),
};

type AddOptions = {
  email: string;
  name: string;
  handle?: string;
  password?: string;
  tenant?: string;
  allowReserved?: boolean;
  platformUserId?: string;
  platformSlug?: string;
};

export function register(noun: Command): void {
  registerAdd(noun);
  registerQuestions(noun);
  registerStatus(noun);
  registerFactors(noun);
  registerNames(noun);
}

function registerAdd(noun: Command): void {
  noun
    .command('add')
    .description('Add an account whose email address counts as verified')
    .requiredOption('--email <address>', 'its email address')
    .requiredOption('--name <name>', "the person's name")
    .option('--handle <handle>', 'its handle, for ever; chosen at the first sign-in if not given')
    .option('--password <password>', 'its password ("-" reads it from input; default: codes only)')
    .option('--tenant <tenant>', 'its tenant (default: the default tenant)')
    .option('--allow-reserved', 'the handle may be a reserved word')
    .option('--platform-user-id <id>', "the platform's user id")
    .option('--platform-slug <slug>', "the platform's user slug")
    .addHelpText(
      'after',
      example(
        'accounts add --email ada@example.org --name "Ada Lovelace" --handle ada --tenant acme',
      ),
    )
    .action(run<AddOptions>(async (cli, options) => shown(await add(cli, options))));
}

function registerQuestions(noun: Command): void {
  noun
    .command('list')
    .description('List accounts, the newest first')
    .option('--tenant <tenant>', 'only of this tenant')
    .option('--search <text>', 'only with this in name, handle or address')
    .option('--limit <number>', 'at most so many', wholeNumber(1, 10_000), 50)
    .addHelpText('after', example('accounts list --tenant acme --search ada'))
    .action(
      run<{ tenant?: string; search?: string; limit: number }>(async ({ database }, options) =>
        listed(await (await lazy.find()).searchAccounts(database, options)),
      ),
    );
  ofAccount(noun, 'show', 'Show everything about an account')
    .addHelpText('after', example('accounts show @ada', 'accounts show ada@example.org'))
    .action(
      run<Who>(async ({ config, database }, { tenant }, name) => {
        const { requireAccount } = await lazy.find();
        const { serverName } = config.matrix;
        return shown(await requireAccount(database, name, { tenant, serverName }));
      }),
    );
}

async function add(cli: Cli, options: AddOptions): Promise<FoundAccount> {
  const { database, config } = cli;
  const { email, name, handle, allowReserved } = options;
  const { addAccount } = await lazy.add();
  const { id, passwordProblem } = await addAccount(await dependencies(cli), {
    tenantId: (await tenantOf(cli, options.tenant)).id,
    ...{ email, name, handle: handle || undefined, allowReserved },
    password: await secretValue(options.password),
    platformNames: {
      platformUserId: options.platformUserId || null,
      platformSlug: options.platformSlug || null,
    },
    // Tests and demos may.
    allowWeak: !config.production,
    actor: 'operator',
  });
  if (passwordProblem) {
    warn(`The password is not one that people may choose (${passwordProblem}).`);
  }
  return (await (await lazy.found()).findAccount(database, id)) as FoundAccount;
}

async function dependencies({ config, database, fingerprints }: Cli) {
  const { BreachedPasswords } = await lazy.breaches();
  const { PasswordHasher } = await lazy.hasher();
  const { handlePolicy } = await lazy.policy();
  const { provisioningBy } = await lazy.provisioning();
  const { serverName, provisioning } = config.matrix;
  return {
    database,
    fingerprints,
    handlePolicy: handlePolicy({ serverName, ...config.handles }),
    hasher: new PasswordHasher(config.passwordHash),
    breaches: new BreachedPasswords(config.passwordBreachesUrl, () =>
      warn('Whether the password was in a breach could not be asked.'),
    ),
    provisioning: provisioning ? provisioningBy(database) : undefined,
  };
}

async function tenantOf({ database }: Cli, name: string | undefined): Promise<Tenant> {
  if (name) return (await lazy.tenant()).requireTenant(database, name);
  return (await (await lazy.tenants()).defaultTenant(database)) as Tenant;
}
