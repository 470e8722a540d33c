import { z } from 'zod';
import type { CodePurpose as PageCodePurpose } from '../../../views/registry.ts';
import { accountByEmail, accountsByEmailKey } from '../../accounts/accounts.store.ts';
import { codeLimits } from '../../accounts/codes.ts';
import { record } from '../../audit/events.ts';
import { serves } from '../../clients/directory.ts';
import type { Transaction } from '../../database/database.ts';
import { readForm, validate } from '../../http/forms.ts';
import { trimUnseen } from '../../text/unseen.ts';
import type { Finishing } from '../needs.ts';
import { giveAddress } from './address.ts';
import { codeProblem, tooMany } from './code-problems.ts';
import { goOnAsSignedIn } from './finish.ts';
import { proved } from './proved.ts';
import { purposeOf, sendCode } from './send-code.ts';
import { markProved } from './sign-ins.store.ts';
import { continueSignUp } from './sign-up.ts';
import type { Step } from './step.ts';
import { upstreamOf } from './upstream-person.ts';

const form = z.object({ code: z.string().max(40).default(''), resend: z.string().optional() });

type Errors = Record<string, { code: string; params?: Record<string, string | number> }>;

export async function showCode(
  step: Step<'codes' | 'ring'>,
  errors: Errors = {},
  resent = false,
): Promise<void> {
  const { signIn, parts } = step;
  if (!signIn.email) return step.redirect(step.url());
  const purpose = purposeOf(step, signIn);
  const resendAt = await parts.codes.resendAllowedAt(parts.database, {
    purpose,
    subject: signIn.id,
  });
  step.show(
    'code',
    {
      action: step.url('code'),
      purpose: purpose satisfies PageCodePurpose,
      email: signIn.email,
      errors,
      digits: 6,
      minutes: codeLimits.minutes,
      resendAction: step.url('resend'),
      resendSeconds: Math.max(0, Math.ceil((resendAt.getTime() - Date.now()) / 1000)),
      resent,
      changeUrl: step.url(whereAsked(step)),
      link: signIn.intent === 'recovery',
    },
    Object.keys(errors).length > 0 ? 422 : 200,
  );
}

export async function resendCode(
  step: Step<'codes' | 'limits' | 'links' | 'mail' | 'publicUrl' | 'ring'>,
): Promise<void> {
  const { signIn, parts } = step;
  if (!signIn.email) return step.redirect(step.url());
  await readForm(step.ctx);
  const resendAt = await parts.codes.resendAllowedAt(parts.database, {
    purpose: purposeOf(step, signIn),
    subject: signIn.id,
  });
  if (resendAt > new Date()) {
    const seconds = Math.ceil((resendAt.getTime() - Date.now()) / 1000);
    return showCode(step, { form: { code: 'resend_too_soon', params: { count: seconds } } });
  }
  const refused = await sendCode(step, signIn);
  if (refused) return showCode(step, { form: refused });
  return showCode(step, {}, true);
}

export async function submitCode(step: Step<Finishing | 'codes' | 'limits'>): Promise<void> {
  const { signIn, parts } = step;
  if (!signIn.email) return step.redirect(step.url());
  const { code } = validate(form, await readForm(step.ctx));
  if (!trimUnseen(code)) return showCode(step, { code: { code: 'code_missing' } });
  const attempt = {
    browser: signIn.browser,
    address: step.ctx.ip,
    identifier: signIn.emailKey ?? signIn.email,
    tenantId: signIn.tenantId,
  };
  const allowed = await parts.limits.codeGuess(attempt);
  if (!allowed.allowed) return showCode(step, { code: tooMany(allowed.retryAt) });
  const redemption = await parts.database.transaction(async (tx) => {
    const result = await parts.codes.redeemCode(tx, {
      purpose: purposeOf(step, signIn),
      tenantId: signIn.tenantId,
      browser: signIn.browser,
      subject: signIn.id,
      code,
    });
    if (result.outcome === 'ok') await keepProof(tx, step, result);
    else {
      await record(tx, {
        action: 'email_code.refused',
        actor: 'nobody',
        outcome: 'failure',
        tenantId: signIn.tenantId,
        clientId: step.client.id,
        detail: { reason: result.outcome },
      });
    }
    return result;
  });
  if (redemption.outcome !== 'ok') return showCode(step, { code: codeProblem(redemption) });
  await parts.limits.codeRedeemed(attempt, allowed);
  signIn.provedAt = new Date();
  signIn.email = redemption.email;
  signIn.emailKey = redemption.emailKey;
  return afterProof(step);
}

function keepProof(
  tx: Transaction,
  step: Step<'outside'>,
  proof: { email: string; emailKey: string },
) {
  return isForAccount(step) ? giveAddress(tx, step, proof) : markProved(tx, step.signIn.id, proof);
}

/** Whether the provider waits for the address of the account that is signed in. */
function isForAccount({ details }: Step): boolean {
  return details.prompt.name === 'email';
}

/** The page of the address that the code went to. */
function whereAsked(step: Step<'ring'>): string {
  const { intent } = step.signIn;
  const facts = upstreamOf(step);
  if (isForAccount(step) || (facts && !facts.link)) return 'email';
  return intent === 'sign-in' ? '' : intent;
}

/** The address is proved: who is it, or may they sign up? */
async function afterProof(step: Step<Finishing>): Promise<void> {
  const { signIn } = step;
  if (isForAccount(step)) return goOnAsSignedIn(step);
  const facts = upstreamOf(step);
  if (facts && !facts.link) return step.redirect(step.url('arrived'));
  const accounts = await accountsOfProvedAddress(step);
  if (accounts.length > 1) return step.redirect(step.url('community'));
  if (signIn.intent === 'recovery') return step.redirect(step.url('new-password'));
  const [account] = accounts;
  if (!account) return continueSignUp(step);
  return proved(step, account.id, 'otp');
}

/** Only to be asked once the address is proved: it tells which communities know it. */
export async function accountsOfProvedAddress(step: Step) {
  const { signIn, parts, tenant } = step;
  if (!signIn.provedAt || !signIn.emailKey) return [];
  if (tenant) {
    const account = await accountByEmail(parts.database, tenant.id, signIn.emailKey);
    return account?.status === 'active'
      ? [{ ...account, tenantSlug: tenant.slug, tenantName: tenant.name }]
      : [];
  }
  const all = await accountsByEmailKey(parts.database, signIn.emailKey);
  return all.filter((account) => serves(step.client, account.tenantId));
}
