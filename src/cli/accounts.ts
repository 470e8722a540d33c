import type { Command } from 'commander';
import type { AddOptions } from '../accounts/add.ts';
import type { Who } from '../accounts/find.ts';
import type { FoundAccount } from '../accounts/found.ts';
import { type Confirmation, confirm, irreversible } from './confirm.ts';
import { collect, wholeNumber } from './options.ts';
import { example } from './program.ts';
import { fields, type Report, table } from './report.ts';
import { type Cli, run } from './run.ts';

const lazy = {
  add: () => import('../accounts/add.ts'),
  change: () => import('../accounts/roles.ts'),
  find: () => import('../accounts/find.ts'),
};

const who = 'id, @handle or email address';

export function register(noun: Command): void {
  registerAdd(noun);
  registerQuestions(noun);
  registerStatus(noun);
  registerMatrix(noun);
  noun
    .command('set-platform-identity')
    .argument('<account>', who)
    .description('Set who the account is on the platform, instead of what was set before')
    .option('--tenant <tenant>', 'its tenant, where an address has several accounts')
    .option('--user-id <id>', "the platform's user id")
    .option('--slug <slug>', "the platform's user slug")
    .addHelpText('after', example('accounts set-platform-identity @ada --user-id 42 --slug ada-42'))
    .action(
      run<Who & { userId?: string; slug?: string }>(async (cli, options, name) =>
        shown(await (await lazy.change()).setPlatform(cli, name, options)),
      ),
    );
  noun
    .command('set-roles')
    .argument('<account>', who)
    .description('Set the roles of an account, instead of those it had')
    .option('--tenant <tenant>', 'its tenant, where an address has several accounts')
    .option(
      '--role <role>',
      'a role; tenant.admin administers all rooms of its tenant, platform.admin all there are; repeatable',
      collect,
    )
    .option('--none', 'no roles at all')
    .addHelpText(
      'after',
      example('accounts set-roles @ada --role tenant.admin', 'accounts set-roles @ada --none'),
    )
    .action(
      run<Who & { role?: string[]; none?: boolean }>(async (cli, options, name) =>
        shown(await (await lazy.change()).setRoles(cli, name, options)),
      ),
    );
  noun
    .command('set-groups')
    .argument('<account>', who)
    .description('Set the groups of an account, instead of those it had')
    .option('--tenant <tenant>', 'its tenant, where an address has several accounts')
    .option('--group <name>', 'a group, for the claim `groups` of its tokens; repeatable', collect)
    .option('--none', 'no groups at all')
    .addHelpText(
      'after',
      example(
        'accounts set-groups @ada --group staff --group choir',
        'accounts set-groups @ada --none',
      ),
    )
    .action(
      run<Who & { group?: string[]; none?: boolean }>(async (cli, options, name) =>
        shown(await (await lazy.change()).setGroups(cli, name, options)),
      ),
    );
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
    .action(
      run<AddOptions>(async (cli, options) => shown(await (await lazy.add()).add(cli, options))),
    );
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
      run<{ tenant?: string; search?: string; limit: number }>(async (cli, options) =>
        listed(await (await lazy.find()).searchAccounts(cli.database, options)),
      ),
    );
  noun
    .command('show')
    .argument('<account>', who)
    .description('Show everything about an account')
    .option('--tenant <tenant>', 'its tenant, where an address has several accounts')
    .addHelpText('after', example('accounts show @ada', 'accounts show ada@example.org'))
    .action(
      run<Who>(async (cli, options, name) =>
        shown(await (await lazy.find()).requireAccount(cli, name, options)),
      ),
    );
}

function registerStatus(noun: Command): void {
  for (const [verb, work, description, act] of [
    [
      'disable',
      'disable',
      'Keep an account from signing in, and end its sessions and Matrix devices',
      'Disable',
    ],
    [
      'sign-out',
      'signOut',
      'End all sessions and tokens of an account, and their Matrix devices',
      'Sign out',
    ],
  ] as const) {
    irreversible(ofAccount(noun, verb, description))
      .addHelpText('after', example(`accounts ${verb} @ada`, `accounts ${verb} @ada --yes`))
      .action(
        run<Who & Confirmation>(async (cli, options, name) => {
          await confirmOf(cli, name, options, (person) => `${act} ${person}. ${lostKeys}`);
          return shown(await (await lazy.change())[work](cli, name, options));
        }),
      );
  }
  ofAccount(noun, 'enable', 'Let a disabled account sign in again')
    .addHelpText('after', example('accounts enable @ada'))
    .action(
      run<Who>(async (cli, options, name) =>
        shown(await (await lazy.change()).enable(cli, name, options)),
      ),
    );
  const remove = 'Delete an account; its handle is never given to anybody again';
  irreversible(ofAccount(noun, 'delete', remove))
    .option('--erase', 'also hide what they wrote on Matrix from those who come later')
    .addHelpText('after', example('accounts delete ada@example.org --yes'))
    .action(
      run<Who & Confirmation & { erase?: boolean }>(async (cli, options, name) => {
        await confirmOf(cli, name, options, (person) => `Delete ${person} for ever`);
        const id = await (await lazy.change()).remove(cli, name, options);
        return { data: { id, deleted: true }, text: `Deleted account ${id}.` };
      }),
    );
}

const lostKeys =
  'Its Matrix devices end: encryption keys that were on them only, and backed up nowhere, are lost';

function registerMatrix(noun: Command): void {
  const revoke = "Take an account's access to Matrix away; it can still sign in elsewhere.";
  irreversible(ofAccount(noun, 'revoke-matrix', `${revoke} ${lostKeys}`))
    .addHelpText(
      'after',
      example('accounts revoke-matrix @ada', 'accounts revoke-matrix @ada --yes'),
    )
    .action(
      run<Who & Confirmation>(async (cli, options, name) => {
        const act = (person: string) => `Take Matrix away from ${person}. ${lostKeys}`;
        await confirmOf(cli, name, options, act);
        const { setMatrixAccess } = await lazy.change();
        const { data, text } = shown(await setMatrixAccess(cli, name, 'revoked', options));
        return { data, text: `${text}\n\n${lostKeys}.` };
      }),
    );
  ofAccount(noun, 'restore-matrix', "Give an account's access to Matrix back")
    .addHelpText('after', example('accounts restore-matrix @ada'))
    .action(
      run<Who>(async (cli, options, name) =>
        shown(await (await lazy.change()).setMatrixAccess(cli, name, 'active', options)),
      ),
    );
}

function ofAccount(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .argument('<account>', who)
    .description(description)
    .option('--tenant <tenant>', 'its tenant, where an address has several accounts');
}

async function confirmOf(
  cli: Cli,
  name: string,
  options: Who & Confirmation,
  act: (person: string) => string,
): Promise<void> {
  const account = await (await lazy.find()).requireAccount(cli, name, options);
  const { name: called, handle, id, tenant } = account;
  await confirm(cli, options, act(`${called} (${handle ? `@${handle}` : id}) of ${tenant}`));
}

function listed(accounts: FoundAccount[]): Report {
  const rows = accounts.map((account) => [
    account.handle && `@${account.handle}`,
    account.name,
    account.email,
    account.tenant,
    account.status === 'active' ? '' : account.status,
    account.lastSignInAt,
    account.id,
  ]);
  const headings = ['handle', 'name', 'email', 'tenant', '', 'last sign-in', 'id'];
  return { data: accounts, text: table(headings, rows, 'No accounts.') };
}

function shown(account: FoundAccount): Report {
  const text = fields({
    id: account.id,
    tenant: account.tenant,
    status: account.status,
    name: account.name,
    handle: account.handle && `@${account.handle}`,
    email: account.email,
    'email verified': account.email && account.emailVerified,
    password: account.hasPassword,
    language: account.locale,
    'Matrix access': `${account.matrixAccess}${account.matrixRevokedByOperator ? ' by the operator' : ''}`,
    'Matrix user': account.matrixUser,
    'platform user id': account.platformUserId,
    'platform slug': account.platformSlug,
    roles: account.roles.map((role) =>
      account.platformRoles.includes(role) ? `${role} (the platform's)` : role,
    ),
    'last administrator': account.administratorEndedAt,
    groups: account.groups,
    sessions: account.sessions,
    'last sign-in': account.lastSignInAt,
    created: account.createdAt,
  });
  return { data: account, text };
}
