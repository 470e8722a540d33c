import { serves } from '../../clients/directory.ts';
import { AppError } from '../../errors.ts';
import { factorsOf } from '../../factors/factors.store.ts';
import { hasSecondFactor } from '../../factors/factors.ts';
import { relyingPartyOf } from '../../factors/relying-party.ts';
import { RememberedBrowsers } from '../../factors/remembered-browsers.ts';
import { beginTotp } from '../../factors/totp.ts';
import type { Method, Proofs } from '../../oidc/proofs.ts';
import { requiredStrengths, wishedStrengths } from '../../oidc/required-sign-in.ts';
import { mustHaveTwo } from '../../oidc/required-steps.ts';
import type { Subject } from '../../oidc/subjects.store.ts';
import type { Finishing } from '../needs.ts';
import { endUnmet, type FinishOptions, finishSignIn } from './finish.ts';
import { provesAgain } from './fresh-proof.ts';
import { keepFirstStep } from './pending.ts';
import { stillNeeded } from './second-step-rules.ts';
import type { Step } from './step.ts';

/**
 * Somebody has proved by this method to be the person of this account. Ends the sign-in, unless more
 * must be proved: then what was proved is kept with the sign-in, and the second step asked for.
 *
 * @throws AppError `account_unavailable` (403) for an account that may not sign in here
 */
export async function proved(
  step: Step<Finishing>,
  accountId: string,
  method: Method,
  options: FinishOptions = {},
): Promise<void> {
  return goOn(step, accountId, [{ method, at: new Date() }], options);
}

/**
 * The same with all that was proved in this sign-in.
 *
 * @throws AppError `account_unavailable` (403) for an account that may not sign in here
 */
export async function goOn(
  step: Step<Finishing>,
  accountId: string,
  proofs: Proofs,
  options: FinishOptions,
): Promise<void> {
  const account = await usableHere(step, accountId);
  const { params } = step.details;
  const { database, fingerprints, ring, publicUrl } = step.parts;
  const had = await factorsOf(database, accountId);
  // Those that were made at a name do not work at an address.
  const factors = relyingPartyOf(publicUrl) ? had : { ...had, passkeys: 0 };
  const isRemembered =
    hasSecondFactor(factors) &&
    !provesAgain(step) &&
    (await new RememberedBrowsers(fingerprints).isRemembered(
      database,
      step.signIn.browser,
      accountId,
    ));
  const needed = stillNeeded(
    proofs,
    { factors, isRemembered },
    {
      required: requiredStrengths(params),
      wished: wishedStrengths(params),
      demanded: step.client.acr ? [step.client.acr] : [],
      tenant: options.laterSetUp && !mustHaveTwo(account) ? 'nothing' : tenantWants(account),
    },
  );
  if (needed === 'unmet') return endUnmet(step);
  if (needed === 'nothing') return finishSignIn(step, account, proofs, options);
  if (needed === 'remembered') {
    const remembered = { method: 'remembered', at: new Date() } as const;
    return finishSignIn(step, account, [...proofs, remembered], options);
  }
  const { remember, expected = false } = options;
  step.signIn.remember = remember ?? step.signIn.remember;
  await keepFirstStep(step, { accountId, proofs, expected });
  if (needed === 'second_step') return step.redirect(step.url('second-step'));
  await database.transaction((tx) => beginTotp(tx, { accountId, begunBy: step.signIn.id }, ring));
  return step.redirect(step.url('set-up'));
}

function tenantWants(account: Subject): 'nothing' | 'offers' | 'requires' {
  if (account.mfaRequiredFrom === null) return 'nothing';
  return mustHaveTwo(account) ? 'requires' : 'offers';
}

async function usableHere(step: Step<'subjects'>, accountId: string): Promise<Subject> {
  const { parts, client, fixedTenant } = step;
  const account = await parts.subjects.find(accountId);
  const tenantFits = account && (!fixedTenant || fixedTenant.id === account.tenantId);
  if (!tenantFits || !serves(client, account.tenantId)) {
    throw new AppError('account_unavailable');
  }
  return account;
}
