import { z } from 'zod';
import type { Errors, FieldError } from '../../../views/registry.ts';
import { hashPassword } from '../../accounts/address-salt.ts';
import { KnownBrowsers } from '../../accounts/known-browsers.ts';
import { changePassword } from '../../accounts/lifecycle.ts';
import { newPasswordProblem } from '../../accounts/new-password.ts';
import { signInByPassword } from '../../accounts/password-sign-in.ts';
import { readForm, validate } from '../../http/forms.ts';
import { tooMany } from '../sign-in/code-problems.ts';
import type { Visit } from './visit.ts';

const form = z.object({
  current: z.string().max(1024).default(''),
  password: z.string().max(1024).default(''),
  remove: z.string().optional(),
});

export async function showPassword(visit: Visit, errors: Errors = {}): Promise<void> {
  const { account } = visit;
  visit.show('account-password', {
    action: '/account/password',
    backUrl: '/account',
    email: account.email ?? '',
    handle: account.handle,
    hasPassword: account.hasPassword,
    canRemove: canRemove(visit),
    errors,
  });
}

/** Sets, changes or removes the password. Every other session ends, this one stays. */
export async function submitPassword(
  visit: Visit<'breaches' | 'hasher' | 'limits' | 'outside'>,
): Promise<void> {
  const { account, parts, browser, session } = visit;
  const { current, password, remove } = validate(form, await readForm(visit.ctx));
  const removes = remove !== undefined && canRemove(visit);
  const problem = removes ? undefined : await problemOf(password, visit);
  if (problem) return showPassword(visit, { password: { code: problem } });
  const refused = account.hasPassword ? await refuseCurrent(visit, current) : undefined;
  if (refused) return showPassword(visit, { current: refused });
  const passwordHash = removes ? null : await hashPassword(parts, password, account);
  await parts.database.transaction(async (tx) => {
    const change = { accountId: account.id, passwordHash, keep: { sessionUid: session.uid } };
    await changePassword(tx, change, parts.outside);
    await new KnownBrowsers(parts.fingerprints).rememberBrowser(tx, browser, account.id);
  });
  return visit.done(removes ? 'password_removed' : 'password_changed');
}

/** Without an address there are no codes, and a password is the only way in. */
function canRemove({ account }: Visit): boolean {
  return account.hasPassword && account.emailKey !== null;
}

async function problemOf(
  password: string,
  { account, parts }: Visit<'breaches'>,
): Promise<string | undefined> {
  return password ? newPasswordProblem(parts.breaches, password, account) : 'password_required';
}

/** Guesses here draw on the same budget as those at the sign-in. */
async function refuseCurrent(
  visit: Visit<'hasher' | 'limits'>,
  password: string,
): Promise<FieldError | undefined> {
  const { account, parts, browser, ctx } = visit;
  if (!password) return { code: 'password_required' };
  const identifier = account.emailKey ?? account.handle;
  const { tenantId } = account;
  const limit = await parts.limits.password({ identifier, tenantId, browser, address: ctx.ip });
  if (!limit.allowed) return tooMany(limit.retryAt);
  const { database: db, hasher, fingerprints } = parts;
  const result = await signInByPassword(
    { db, hasher, fingerprints },
    {
      ...{ tenantId, password, browser },
      identifier: { handle: account.handle },
    },
  );
  if (result.outcome === 'ok' && result.candidate.account.id === account.id) {
    await parts.limits.giveBack(limit);
    return undefined;
  }
  await parts.database.transaction((tx) =>
    visit.record(tx, 'account.password_refused', { outcome: 'failure' }),
  );
  return { code: 'password_wrong' };
}
