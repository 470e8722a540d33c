import type { AuditAction } from '../audit/actions.ts';
import { record } from '../audit/events.ts';
import type { Cli } from '../cli/run.ts';
import type { Transaction } from '../database/database.ts';
import { syncRooms } from '../entities/queue-sync.ts';
import type { administrators } from '../entities/roles.ts';
import { AppError } from '../errors.ts';
import { MailQueue } from '../mail/queue.ts';
import { signOutEverywhere } from '../oidc/sessions.ts';
import { isDisplayName } from '../text/display-name.ts';
import { trimUnseen } from '../text/unseen.ts';
import { lockAccount } from './accounts.store.ts';
import { disableAccount, enableAccount } from './disable.ts';
import { requireAccount, type Who } from './find.ts';
import * as store from './found.store.ts';
import type { FoundAccount } from './found.ts';
import { lockPlatformNames } from './guests.store.ts';
import { deleteAccount } from './lifecycle.ts';
import { changeMatrixAccess } from './matrix-profile.ts';
import { changePlatformNames } from './platform-identity.ts';
import { setGroups as storeGroups, setRoles as storeRoles } from './roles.store.ts';

/** @throws AppError `account_not_found` (404), `account_ambiguous` (409), as all below */
export function disable(cli: Cli, name: string, options: Who): Promise<FoundAccount> {
  return changeFound(cli, name, options, (tx, { id }) =>
    disableAccount(tx, { accountId: id, actor: 'operator' }, { endSessions: signOutEverywhere }),
  );
}

export function enable(cli: Cli, name: string, options: Who): Promise<FoundAccount> {
  return changeFound(cli, name, options, (tx, { id }) =>
    enableAccount(tx, { accountId: id, actor: 'operator' }),
  );
}

/** As if the person had signed out in every browser: applications are told, so that devices end. */
export function signOut(cli: Cli, name: string, options: Who): Promise<FoundAccount> {
  return change(cli, name, options, 'account.signed_out', async (tx, { id }) => {
    await signOutEverywhere(tx, id);
  });
}

/** @throws AppError also `platform_user_taken`, `platform_slug_taken` (409), `nothing_given` */
export function setPlatform(
  cli: Cli,
  name: string,
  options: Who & { userId?: string; slug?: string },
): Promise<FoundAccount> {
  const { userId, slug } = options;
  if (userId === undefined && slug === undefined) {
    throw new AppError('nothing_given', { message: 'Give --user-id or --slug, or both.' });
  }
  const names = { platformUserId: userId || null, platformSlug: slug || null };
  return change(cli, name, options, 'account.platform_identity_set', (tx, account) =>
    changePlatformNames(tx, account, names),
  );
}

/**
 * These and no other roles. What an administrator may do changes in all rooms concerned.
 *
 * @throws AppError also `role_invalid`, `nothing_given`
 */
export function setRoles(
  cli: Cli,
  name: string,
  { role: roles = [], none, ...options }: Who & { role?: string[]; none?: boolean },
): Promise<FoundAccount> {
  if (none ? roles.length > 0 : roles.length === 0) {
    throw new AppError('nothing_given', { message: 'Give --role, once or more, or --none.' });
  }
  const odd = roles.find((role) => !/^[a-z][a-z0-9._-]{0,63}$/.test(role));
  if (odd) throw new AppError('role_invalid', { message: `"${odd}" cannot be a role.` });
  const wanted = [...new Set(roles)];
  return change(
    cli,
    name,
    options,
    'account.roles_set',
    async (tx, { id, tenantId, roles: before }) => {
      await storeRoles(tx, id, wanted);
      const moved = (role: keyof typeof administrators) =>
        before.includes(role) !== wanted.includes(role);
      await syncRooms(tx, {
        tenantIds: moved('tenant.admin') ? [tenantId] : [],
        everywhere: moved('platform.admin'),
      });
    },
  );
}

/**
 * These and no other groups. Applications read them from the claim `groups`, at the next sign-in.
 *
 * @throws AppError also `group_invalid`, `nothing_given`
 */
export function setGroups(
  cli: Cli,
  name: string,
  { group = [], none, ...options }: Who & { group?: string[]; none?: boolean },
): Promise<FoundAccount> {
  if (none ? group.length > 0 : group.length === 0) {
    throw new AppError('nothing_given', { message: 'Give --group, once or more, or --none.' });
  }
  const wanted = [...new Set(group.map(trimUnseen))];
  const odd = wanted.find((it) => !isDisplayName(it, 100));
  if (odd !== undefined || wanted.length > 100) {
    throw new AppError('group_invalid', {
      message: 'At most 100 groups, each of 1 to 100 characters, all of which can be seen.',
    });
  }
  return change(cli, name, options, 'account.groups_set', (tx, { id }) =>
    storeGroups(tx, id, wanted),
  );
}

export function setMatrixAccess(
  cli: Cli,
  name: string,
  access: 'active' | 'revoked',
  options: Who,
): Promise<FoundAccount> {
  return changeFound(cli, name, options, async (tx, { id }) => {
    await changeMatrixAccess(tx, { accountId: id, access, by: 'operator' });
  });
}

/** @returns the id, which stays with the tombstoned handle */
export async function remove(
  cli: Cli,
  name: string,
  options: Who & { erase?: boolean },
): Promise<string> {
  const account = await requireAccount(cli, name, options);
  const mail = new MailQueue(cli);
  await cli.database.transaction((tx) =>
    deleteAccount(
      tx,
      { accountId: account.id, actor: 'operator', erase: options.erase },
      {
        endSessions: signOutEverywhere,
        queueMail: (queryable, letter) => mail.queue(queryable, letter),
      },
    ),
  );
  return account.id;
}

/** Makes the change of a living account with its audit row. */
function change(
  cli: Cli,
  name: string,
  options: Who,
  action: AuditAction,
  work: (tx: Transaction, account: FoundAccount) => Promise<void>,
): Promise<FoundAccount> {
  return changeFound(cli, name, options, async (tx, account) => {
    await work(tx, account);
    await record(tx, {
      action,
      actor: 'operator',
      tenantId: account.tenantId,
      target: account.id,
    });
  });
}

async function changeFound(
  cli: Cli,
  name: string,
  options: Who,
  work: (tx: Transaction, account: FoundAccount) => Promise<void>,
): Promise<FoundAccount> {
  const account = await requireAccount(cli, name, options);
  const { id, tenantId } = account;
  return cli.database.transaction(async (tx) => {
    // Before the account's own lock: so do all others who need both.
    await lockPlatformNames(tx, tenantId);
    await lockAccount(tx, id);
    await work(tx, (await store.findAccount(tx, id)) as FoundAccount);
    return (await store.findAccount(tx, id)) as FoundAccount;
  });
}
