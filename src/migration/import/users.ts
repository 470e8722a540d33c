import { z } from 'zod';
import { lockPlatformNames } from '../../accounts/guests.store.ts';
import { changePlatformNames } from '../../accounts/platform-identity.ts';
import { record } from '../../audit/events.ts';
import type { Transaction } from '../../database/database.ts';
import type { Change } from '../change.ts';
import {
  holdersOfIdentities,
  lockNamedAccounts,
  type NamedAccount,
  type PlatformIdentity,
} from '../identities.store.ts';
import { printable, userSlug } from './fields.ts';
import type { ImportContext, ImportKind, Line, Verdict } from './kind.ts';

const userLine = z.object({
  platformUserId: printable,
  platformSlug: userSlug,
  accountId: z.uuid().toLowerCase().optional(),
  handle: printable.optional(),
});
type UserLine = z.infer<typeof userLine>;

/**
 * Who the platform's users are here. An address is no proof of that, so there is no column for one:
 * a line names the account itself, or, where the operator answers for the file, its handle.
 */
export const users: ImportKind<UserLine> = {
  columns: {
    ...{ platformuserid: 'platformUserId', userid: 'platformUserId' },
    ...{ platformslug: 'platformSlug', userslug: 'platformSlug', slug: 'platformSlug' },
    ...{ accountid: 'accountId', handle: 'handle' },
  },
  schema: userLine,
  subject: ({ platformUserId }) => platformUserId,
  work: importUsers,
};

type Holder = PlatformIdentity & { id: string };
type Found = { accounts: NamedAccount[]; holders: Holder[] };

async function importUsers(
  tx: Transaction,
  lines: readonly Line<UserLine>[],
  context: ImportContext,
) {
  const { tenantId } = context;
  const values = lines.map(({ value }) => value);
  await lockPlatformNames(tx, tenantId);
  const found: Found = {
    accounts: await lockNamedAccounts(tx, tenantId, {
      ids: values.flatMap(({ accountId }) => accountId ?? []),
      handles: values.flatMap(({ handle }) => localpart(handle, context) ?? []),
    }),
    holders: await holdersOfIdentities(tx, tenantId, {
      userIds: values.map(({ platformUserId }) => platformUserId),
      slugs: values.map(({ platformSlug }) => platformSlug),
    }),
  };
  const changes: Change[] = [];
  const verdicts: Verdict[] = [];
  for (const value of values) {
    const meant = accountMeant(value, found.accounts, context);
    const verdict = typeof meant === 'object' && 'id' in meant ? judge(value, meant, found) : meant;
    verdicts.push(verdict);
    if (verdict !== 'changed') continue;
    const account = meant as NamedAccount;
    changes.push(await bind(tx, tenantId, account, value));
    remember(found, account, value);
  }
  return { verdicts, changes };
}

function accountMeant(
  { accountId, handle }: UserLine,
  accounts: readonly NamedAccount[],
  context: ImportContext,
): NamedAccount | Verdict {
  const wanted = localpart(handle, context);
  if (accountId) {
    const account = accounts.find(({ id }) => id === accountId);
    if (!account) return { reason: 'unknown_account' };
    if (wanted && account.handle !== wanted) return { reason: 'handle_of_another' };
    return account;
  }
  if (!wanted) return 'unbound';
  if (!context.vouched) {
    return { reason: 'handle_not_vouched', message: 'Give --vouch-handles if the file is right.' };
  }
  const account = accounts.find((it) => it.handle === wanted);
  if (!account) return { reason: 'unknown_handle' };
  return account.hasRoles
    ? { reason: 'administrator', message: 'Name this account by its id.' }
    : account;
}

/** What another account or a guest has, or the account has already, is never replaced by a file. */
function judge(value: UserLine, account: NamedAccount, { holders }: Found): Verdict {
  const { platformUserId, platformSlug } = value;
  const others = holders.filter(({ id }) => id !== account.id);
  if (account.platformUserId !== null && account.platformUserId !== platformUserId) {
    return { reason: 'account_has_platform_user' };
  }
  if (others.some((it) => it.platformUserId === platformUserId)) {
    return { reason: 'platform_user_taken' };
  }
  if (others.some((it) => it.platformSlug === platformSlug)) {
    return { reason: 'platform_slug_taken' };
  }
  const same = account.platformUserId === platformUserId && account.platformSlug === platformSlug;
  return same ? 'present' : 'changed';
}

async function bind(
  tx: Transaction,
  tenantId: string,
  account: NamedAccount,
  { platformUserId, platformSlug }: UserLine,
): Promise<Change> {
  const { id: accountId } = account;
  const before = {
    platformUserId: account.platformUserId,
    platformSlug: account.platformSlug,
  };
  const after = { platformUserId, platformSlug };
  await changePlatformNames(tx, { id: accountId, tenantId, ...before }, after);
  await record(tx, {
    action: 'account.platform_identity_set',
    actor: 'operator',
    tenantId,
    target: accountId,
    detail: { source: 'import' },
  });
  return { kind: 'platform_identity', key: [accountId], before, after };
}

function remember(found: Found, account: NamedAccount, value: UserLine): void {
  const { platformUserId, platformSlug } = value;
  Object.assign(account, { platformUserId, platformSlug });
  found.holders = [
    ...found.holders.filter(({ id }) => id !== account.id),
    { id: account.id, platformUserId, platformSlug },
  ];
}

/** Of `@localpart:server`, `@localpart` or `localpart`. */
function localpart(handle: string | undefined, { config }: ImportContext): string | undefined {
  const suffix = `:${config.matrix.serverName}`;
  const whole = handle?.endsWith(suffix) ? handle.slice(0, -suffix.length) : handle;
  return whole?.replace(/^@/, '');
}
