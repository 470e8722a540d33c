import { z } from 'zod';
import type { Errors } from '../../../views/registry.ts';
import { factorsOf } from '../../factors/factors.store.ts';
import { hasSecondFactor } from '../../factors/factors.ts';
import { makeRecoveryCodes } from '../../factors/recovery-codes.ts';
import { beginTotp, confirmTotp, removeTotp } from '../../factors/totp.ts';
import { readForm, validate } from '../../http/forms.ts';
import { trimUnseen } from '../../text/unseen.ts';
import { enrolmentShown } from '../app-enrolment.ts';
import { tooMany } from '../sign-in/code-problems.ts';
import type { Visit } from './visit.ts';

export const twoStepPath = '/account/two-step';
export const appPath = '/account/two-step/app';

const actionForm = z.object({ do: z.enum(['set-up', 'remove', 'codes']).optional() });
const codeForm = z.object({ code: z.string().max(100).default('') });

/** What the account is asked for besides its way in, and what to do about it. */
export async function showTwoStep(visit: Visit): Promise<void> {
  const { totp, recoveryCodes } = await factorsOf(visit.parts.database, visit.account.id);
  visit.show('account-two-step', {
    action: twoStepPath,
    backUrl: '/account',
    errors: {},
    app: totp && { since: totp.createdAt, lastUsed: totp.lastUsedAt ?? undefined },
    recoveryCodes,
  });
}

export async function submitTwoStep(visit: Visit<'outside' | 'ring'>): Promise<void> {
  const { do: action } = validate(actionForm, await readForm(visit.ctx));
  switch (action) {
    case 'set-up':
      return beginApp(visit);
    case 'remove':
      return removeApp(visit);
    case 'codes':
      return makeCodes(visit);
    default:
      return visit.redirect(twoStepPath);
  }
}

async function beginApp(visit: Visit<'ring'>): Promise<void> {
  const { parts, account, session } = visit;
  const place = { accountId: account.id, begunBy: session.uid };
  await parts.database.transaction((tx) => beginTotp(tx, place, parts.ring));
  visit.redirect(appPath);
}

async function removeApp(visit: Visit<'outside'>): Promise<void> {
  const { parts, account } = visit;
  await parts.database.transaction((tx) =>
    removeTotp(tx, { accountId: account.id }, parts.outside),
  );
  visit.done('app_removed');
}

/** In answer to the form, and nowhere else: nobody can look at them once more. */
async function makeCodes(visit: Visit<'outside'>): Promise<void> {
  const { database, fingerprints, outside } = visit.parts;
  const accountId = visit.account.id;
  if (!hasSecondFactor(await factorsOf(database, accountId))) return visit.redirect(twoStepPath);
  const codes = await database.transaction((tx) =>
    makeRecoveryCodes(tx, { accountId }, { fingerprints, ...outside }),
  );
  visit.show('account-recovery-codes', { codes, backUrl: '/account' });
}

/** The secret for the app, as long as nothing was set up with it. */
export async function showApp(visit: Visit<'ring'>, errors: Errors = {}): Promise<void> {
  const { account, tenant, parts } = visit;
  const owner = { ...account, begunBy: visit.session.uid };
  const shown = await enrolmentShown(parts, owner, tenant);
  if (!shown) return visit.redirect(twoStepPath);
  visit.show('account-app', { action: appPath, backUrl: twoStepPath, errors, ...shown });
}

/** The first code from the app: from now on it is asked for, and recovery codes stand in for it. */
export async function submitApp(visit: Visit<'limits' | 'outside' | 'ring'>): Promise<void> {
  const { parts, account, browser, ctx } = visit;
  const { code } = validate(codeForm, await readForm(ctx));
  if (!trimUnseen(code)) return showApp(visit, { code: { code: 'totp_missing' } });
  const { handle: identifier, tenantId, id: accountId } = account;
  const attempt = { identifier: identifier.toLowerCase(), tenantId, browser, address: ctx.ip };
  const limit = await parts.limits.secondStep(attempt);
  if (!limit.allowed) return showApp(visit, { code: tooMany(limit.retryAt) });
  const { ring, fingerprints, outside } = parts;
  const codes = await parts.database.transaction(async (tx) => {
    const order = { accountId, begunBy: visit.session.uid, code };
    const right = await confirmTotp(tx, order, { ring, ...outside });
    return right ? makeRecoveryCodes(tx, { accountId }, { fingerprints, ...outside }) : undefined;
  });
  if (!codes) return showApp(visit, { code: { code: 'totp_wrong' } });
  await parts.limits.giveBack(limit);
  visit.show('account-recovery-codes', { codes, backUrl: '/account', isNew: true });
}
