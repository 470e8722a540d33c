import type { Command } from 'commander';
import { AppError } from '../errors.ts';
import { change, ofAccount, type Who } from './account-changes.ts';
import { shown } from './account-report.ts';
import { example } from './example.ts';
import { collect } from './options.ts';
import { run } from './run.ts';

const lazy = {
  platform: () => import('../accounts/platform-identity.ts'),
  roles: () => import('../accounts/roles.ts'),
};

/** What an account is called by its platform, and what it is there and here. */
export function registerNames(noun: Command): void {
  const platform = 'Set who the account is on the platform, instead of what was set before';
  ofAccount(noun, 'set-platform-identity', platform)
    .option('--user-id <id>', "the platform's user id")
    .option('--slug <slug>', "the platform's user slug")
    .addHelpText('after', example('accounts set-platform-identity @ada --user-id 42 --slug ada-42'))
    .action(
      run<Who & { userId?: string; slug?: string }>(async (cli, options, name) => {
        const { userId, slug } = options;
        if (userId === undefined && slug === undefined) {
          throw new AppError('nothing_given', { message: 'Give --user-id or --slug, or both.' });
        }
        const { setPlatformNames } = await lazy.platform();
        const names = { platformUserId: userId || null, platformSlug: slug || null };
        return shown(
          await change(cli, name, options, (tx, order) =>
            setPlatformNames(tx, { ...order, names }),
          ),
        );
      }),
    );
  ofAccount(noun, 'set-roles', 'Set the roles of an account, instead of those it had')
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
      run<Who & { role?: string[]; none?: boolean }>(async (cli, options, name) => {
        const roles = givenOrNone('--role', options.role, options.none);
        const { setRoles } = await lazy.roles();
        return shown(
          await change(cli, name, options, (tx, order) => setRoles(tx, { ...order, roles })),
        );
      }),
    );
  ofAccount(noun, 'set-groups', 'Set the groups of an account, instead of those it had')
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
      run<Who & { group?: string[]; none?: boolean }>(async (cli, options, name) => {
        const groups = givenOrNone('--group', options.group, options.none);
        const { setGroups } = await lazy.roles();
        return shown(
          await change(cli, name, options, (tx, order) => setGroups(tx, { ...order, groups })),
        );
      }),
    );
}

function givenOrNone(option: string, given: string[] = [], none = false): string[] {
  if (none ? given.length === 0 : given.length > 0) return given;
  throw new AppError('nothing_given', { message: `Give ${option}, once or more, or --none.` });
}
