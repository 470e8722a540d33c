import { z } from 'zod';
import type { AccountNotice, AccountPages } from '../../../views/registry.account.ts';
import { renameAccount } from '../../accounts/rename.ts';
import { accountClientId } from '../../clients/own-clients.ts';
import { hasOpenMemberships } from '../../entities/confirmations.store.ts';
import { factorsOf } from '../../factors/factors.store.ts';
import { hasSecondFactor } from '../../factors/factors.ts';
import { relyingPartyOf } from '../../factors/relying-party.ts';
import { deviceName } from '../../http/device-name.ts';
import { readForm, validate } from '../../http/forms.ts';
import type { SessionLimits } from '../../oidc/lifetimes.ts';
import { displayName } from '../../text/display-name.ts';
import { membershipsPath } from './memberships.ts';
import { applicationsOf, type SessionRow, sessionsOf } from './overview.store.ts';
import { passkeysPath } from './passkeys.ts';
import { twoStepPath } from './two-step.ts';
import type { Visit } from './visit.ts';

const noticeSchema = z.enum([
  'profile_saved',
  'email_changed',
  'password_changed',
  'password_removed',
  'identity_added',
  'identity_removed',
  'session_ended',
  'all_sessions_ended',
  'application_revoked',
  'memberships_decided',
  'data_ready',
  'accounts_merged',
  'app_removed',
  'passkey_added',
  'passkey_removed',
] satisfies AccountNotice[]);

const nameForm = z.object({
  name: z
    .string()
    .max(200)
    .default('')
    .transform((typed) => displayName(typed)),
});

type Shown = Partial<Pick<AccountPages['account'], 'errors'>> & { name?: string };

/** Everything that a person can see and change of their account, on one page. */
export async function showAccount(
  visit: Visit<'publicUrl' | 'serverName' | 'sessions'>,
  shown: Shown = {},
): Promise<void> {
  const { account, parts, session } = visit;
  const [sessions, applications, invited, factors] = await Promise.all([
    sessionsOf(parts.database, account.id),
    applicationsOf(parts.database, account.id, accountClientId),
    hasOpenMemberships(parts.database, account.id),
    factorsOf(parts.database, account.id),
  ]);
  const notice = noticeSchema.safeParse(visit.ctx.query.notice);
  visit.show('account', {
    account: {
      name: shown.name ?? account.name,
      email: account.email ?? '',
      handle: account.handle,
      matrixId: `@${account.handle}:${parts.serverName}`,
      picture: account.picture ?? undefined,
      hasPassword: account.hasPassword,
      createdAt: account.createdAt,
    },
    errors: shown.errors ?? {},
    notice: notice.success ? notice.data : undefined,
    sessions: sessions.map((row) => ({
      ...describeSession(row, parts.sessions),
      current: row.uid === session.uid,
    })),
    applications: applications.map((application) => ({
      ...application,
      scopes: [...new Set(application.scopes.flatMap((scope) => scope.split(' ')))],
    })),
    membershipsUrl: invited ? membershipsPath : undefined,
    passkeysUrl: relyingPartyOf(parts.publicUrl) && passkeysPath,
    twoStep: { isOn: hasSecondFactor(factors), recoveryCodes: factors.recoveryCodes },
    ...actions,
  });
}

const actions = {
  profileAction: '/account/profile',
  emailUrl: '/account/email',
  passwordUrl: '/account/password',
  waysUrl: '/account/ways',
  twoStepUrl: twoStepPath,
  endSessionAction: '/account/sessions/end',
  endAllSessionsAction: '/account/sessions/end-all',
  revokeAction: '/account/applications/revoke',
  downloadUrl: '/account/data',
  deleteUrl: '/account/delete',
  signOutAction: '/account/sign-out',
};

export async function submitName(
  visit: Visit<'publicUrl' | 'serverName' | 'sessions'>,
): Promise<void> {
  const { account, parts } = visit;
  const { name } = validate(nameForm, await readForm(visit.ctx));
  if (!name) return showAccount(visit, { name, errors: { name: { code: 'name_required' } } });
  const order = { accountId: account.id, name, actor: account.id };
  await parts.database.transaction((tx) => renameAccount(tx, order));
  return visit.done('profile_saved');
}

/** A session is kept so long after it was last used, so its end says when that was. */
function describeSession(
  { uid, userAgent, address, since, idleEnd }: SessionRow,
  { idleSeconds }: SessionLimits,
) {
  return {
    id: uid,
    device: deviceName(userAgent ?? ''),
    address: address ?? undefined,
    since,
    lastSeen: new Date(idleEnd.getTime() - idleSeconds * 1000),
  };
}
