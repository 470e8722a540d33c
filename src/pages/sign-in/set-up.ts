import { z } from 'zod';
import { lockAccount } from '../../accounts/accounts.store.ts';
import { AppError } from '../../errors.ts';
import { factorsOf } from '../../factors/factors.store.ts';
import { hasSecondFactor } from '../../factors/factors.ts';
import { makeRecoveryCodes } from '../../factors/recovery-codes.ts';
import { confirmTotp } from '../../factors/totp.ts';
import { readForm, validate } from '../../http/forms.ts';
import { mustHaveTwo } from '../../oidc/required-steps.ts';
import { tenantById } from '../../tenants/tenants.store.ts';
import { trimUnseen } from '../../text/unseen.ts';
import { enrolmentShown } from '../app-enrolment.ts';
import type { Finishing } from '../needs.ts';
import { tooMany } from './code-problems.ts';
import { keepFirstStep, waitingFor } from './pending.ts';
import { goOn } from './proved.ts';
import { attemptOf } from './second-step.ts';
import type { Step } from './step.ts';
import { upstreamBehind } from './upstream-person.ts';

const form = z.object({ code: z.string().max(100).default(''), skip: z.string().optional() });

type Errors = Record<string, { code: string; params?: Record<string, string | number> }>;

/**
 * The community wants two steps, and this account has one: an app is set up in the middle of the sign-in.
 * Once it is, this page goes on with the sign-in.
 */
export async function showSetUp(step: Step<Finishing>, errors: Errors = {}): Promise<void> {
  const { pending, subject } = (await waitingFor(step)) ?? {};
  if (!pending || !subject) return step.redirect(step.url());
  if (pending.proofs.some(({ method }) => method === 'totp')) return finish(step);
  const tenant = await tenantById(step.parts.database, subject.tenantId);
  const shown =
    tenant && (await enrolmentShown(step.parts, { ...subject, begunBy: step.signIn.id }, tenant));
  if (!shown) return step.redirect(step.url('sign-in'));
  const { mfaRequiredFrom } = subject;
  const everybody = mustHaveTwo(subject);
  const demanded = !everybody && step.client.acr !== null;
  step.show(
    'set-up',
    {
      action: step.url('set-up'),
      errors,
      ...shown,
      until: everybody || demanded ? undefined : new Date(Number(mfaRequiredFrom) * 1000),
      application: demanded ? step.client.name : undefined,
      otherUrl: step.url('sign-in'),
    },
    Object.keys(errors).length > 0 ? 422 : 200,
  );
}

export async function submitSetUp(step: Step<Finishing | 'limits'>): Promise<void> {
  const { pending, subject } = (await waitingFor(step)) ?? {};
  if (!pending || !subject) return step.redirect(step.url());
  const { code, skip } = validate(form, await readForm(step.ctx));
  if (skip !== undefined) return finish(step, { laterSetUp: true });
  if (!trimUnseen(code)) return showSetUp(step, { code: { code: 'totp_missing' } });
  const limit = await step.parts.limits.secondStep(attemptOf(step, subject));
  if (!limit.allowed) return showSetUp(step, { code: tooMany(limit.retryAt) });
  const { database, ring, fingerprints, outside } = step.parts;
  const accountId = subject.id;
  const codes = await database.transaction(async (tx) => {
    await lockAccount(tx, accountId);
    // Whoever has done one step alone puts nothing in the place of what the account has by now.
    if (hasSecondFactor(await factorsOf(tx, accountId))) throw new AppError('sign_in_expired');
    const order = { accountId, begunBy: step.signIn.id, code };
    const right = await confirmTotp(tx, order, { ring, ...outside });
    return right ? makeRecoveryCodes(tx, { accountId }, { fingerprints, ...outside }) : undefined;
  });
  if (!codes) return showSetUp(step, { code: { code: 'totp_wrong' } });
  await step.parts.limits.giveBack(limit);
  const totp = { method: 'totp', at: new Date() } as const;
  await keepFirstStep(step, { ...pending, proofs: [...pending.proofs, totp] });
  step.show('account-recovery-codes', { codes, backUrl: step.url('set-up'), isNew: true });
}

async function finish(
  step: Step<Finishing>,
  options: { laterSetUp?: boolean } = {},
): Promise<void> {
  const { pending } = (await waitingFor(step)) ?? {};
  if (!pending) return step.redirect(step.url());
  const { accountId, proofs, expected } = pending;
  const upstream = upstreamBehind(step, proofs);
  return goOn(step, accountId, proofs, { expected, upstream, ...options });
}
