import { z } from 'zod';
import type { Mail } from '../../../views/mail-registry.ts';
import type { Errors, FieldError } from '../../../views/registry.ts';
import { accountByEmail } from '../../accounts/accounts.store.ts';
import { claimGuest } from '../../accounts/claim-guest.ts';
import { codeLimits, type Redemption } from '../../accounts/codes.ts';
import type { EmailAddress } from '../../accounts/email-address.ts';
import { KnownBrowsers } from '../../accounts/known-browsers.ts';
import { changeEmail } from '../../accounts/lifecycle.ts';
import { AppError } from '../../errors.ts';
import { readForm, validate } from '../../http/forms.ts';
import { SealedCookie } from '../../http/sealed-cookie.ts';
import { mailFrame } from '../../tenants/mail.ts';
import { trimUnseen } from '../../text/unseen.ts';
import { codeProblem, tooMany } from '../sign-in/code-problems.ts';
import type { Visit } from './visit.ts';

const form = z.object({ code: z.string().max(40).default('') });

/** The address that is to be proved, kept by the browser that asked for it. */
export const pendingEmail = new SealedCookie({
  name: 'email-change',
  seconds: codeLimits.minutes * 60,
  schema: z.object({ accountId: z.string(), email: z.string(), key: z.string() }),
});

/** Codes that one account may have mailed to addresses that are not its own. */
const codesPerDay = 10;

const purpose = 'email-change';

/**
 * Mails a code. An address that has an account in this tenant gets other words without a code, for
 * the same work: the page cannot tell them apart.
 *
 * @returns an error to show when limits refuse it
 */
export async function sendEmailCode(
  visit: Visit<'codes' | 'limits' | 'mail' | 'rateLimits'>,
  { email, key }: EmailAddress,
): Promise<FieldError | undefined> {
  const { account, parts, browser, ctx } = visit;
  const perAccount = await parts.rateLimits.take([
    { name: 'email-change/account', key: account.id, limit: codesPerDay, seconds: 24 * 3600 },
  ]);
  if (!perAccount.allowed) return tooMany(perAccount.retryAt);
  const limit = await parts.limits.codeRequest({
    ...{ identifier: key, tenantId: account.tenantId, browser, address: ctx.ip },
  });
  if (!limit.allowed) return tooMany(limit.retryAt);
  await parts.database.transaction(async (tx) => {
    const owner = await accountByEmail(tx, account.tenantId, key);
    const taken = owner !== undefined && owner.id !== account.id;
    const { code } = await parts.codes.issueCode(tx, {
      ...binding(visit),
      email,
      emailKey: key,
      accountId: account.id,
      digits: limit.digits,
    });
    const frame = mailFrame(visit.tenant);
    const mail: Mail = taken
      ? { template: 'known-address-at-email-change', params: frame }
      : { template: 'code', params: { ...frame, code, minutes: codeLimits.minutes, purpose } };
    await parts.mail.queue(tx, {
      ...mail,
      tenantId: account.tenantId,
      to: email,
      locale: visit.locale,
    });
  });
  return undefined;
}

export async function showEmailCode(
  visit: Visit<'codes' | 'ring'>,
  { errors = {}, resent = false }: { errors?: Errors; resent?: boolean } = {},
): Promise<void> {
  const pending = pendingOf(visit);
  if (!pending) return visit.redirect('/account/email');
  visit.show('code', {
    action: '/account/email/code',
    purpose,
    email: pending.email,
    errors,
    digits: 6,
    minutes: codeLimits.minutes,
    resendAction: '/account/email/resend',
    resendSeconds: await secondsToResend(visit),
    resent,
    changeUrl: '/account/email',
  });
}

export async function resendEmailCode(
  visit: Visit<'codes' | 'limits' | 'mail' | 'rateLimits' | 'ring'>,
): Promise<void> {
  await readForm(visit.ctx);
  const pending = pendingOf(visit);
  if (!pending) return visit.redirect('/account/email');
  const count = await secondsToResend(visit);
  if (count > 0) {
    const form = { code: 'resend_too_soon', params: { count } };
    return showEmailCode(visit, { errors: { form } });
  }
  const refused = await sendEmailCode(visit, pending);
  if (refused) return showEmailCode(visit, { errors: { form: refused } });
  pendingEmail.write(visit.ctx, visit.parts, pending);
  return showEmailCode(visit, { resent: true });
}

export async function submitEmailCode(
  visit: Visit<'codes' | 'limits' | 'outside' | 'ring'>,
): Promise<void> {
  const { parts, ctx, browser } = visit;
  const { code } = validate(form, await readForm(ctx));
  const pending = pendingOf(visit);
  if (!pending) return visit.redirect('/account/email');
  if (!trimUnseen(code))
    return showEmailCode(visit, { errors: { code: { code: 'code_missing' } } });
  const { tenantId } = visit.account;
  const attempt = { identifier: pending.key, tenantId, browser, address: ctx.ip };
  const allowed = await parts.limits.codeGuess(attempt);
  if (!allowed.allowed) {
    return showEmailCode(visit, { errors: { code: tooMany(allowed.retryAt) } });
  }
  const result = await redeem(visit, code);
  if (result.outcome !== 'ok') {
    return showEmailCode(visit, { errors: { code: codeProblem(result) } });
  }
  await parts.limits.codeRedeemed(attempt, allowed);
  pendingEmail.clear(ctx, parts);
  return visit.done('email_changed');
}

/**
 * The code is used up by the transaction that changes the address.
 *
 * @throws AppError `recovery_outdated` (409) when the address found an account meanwhile
 */
async function redeem(visit: Visit<'codes' | 'outside'>, code: string): Promise<Redemption> {
  const { account, parts, browser, session } = visit;
  const work = parts.database.transaction(async (tx) => {
    const result = await parts.codes.redeemCode(tx, { ...binding(visit), code });
    if (result.outcome !== 'ok') {
      await visit.record(tx, 'email_code.refused', { outcome: 'failure' });
      return result;
    }
    const change = { accountId: account.id, email: result.email, emailKey: result.emailKey };
    await changeEmail(tx, { ...change, keep: { sessionUid: session.uid } }, parts.outside);
    await new KnownBrowsers(parts.fingerprints).rememberBrowser(tx, browser, account.id);
    await claimGuest(tx, { accountId: account.id, emailKey: result.emailKey });
    return result;
  });
  return work.catch((cause) => {
    const taken = cause instanceof AppError && cause.code === 'email_taken';
    throw taken ? new AppError('recovery_outdated', { cause }) : cause;
  });
}

/** The change that this browser asked for as the account that it is signed in to. */
function pendingOf(visit: Visit<'ring'>) {
  const pending = pendingEmail.read(visit.ctx, visit.parts);
  return pending?.accountId === visit.account.id ? pending : undefined;
}

function binding({ account, browser }: Visit) {
  return { purpose, tenantId: account.tenantId, browser, subject: account.id } as const;
}

async function secondsToResend({ account, parts }: Visit<'codes'>): Promise<number> {
  const at = await parts.codes.resendAllowedAt(parts.database, { purpose, subject: account.id });
  return Math.max(0, Math.ceil((at.getTime() - Date.now()) / 1000));
}
