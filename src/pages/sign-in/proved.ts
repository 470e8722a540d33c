import { serves } from '../../clients/directory.ts';
import { AppError } from '../../errors.ts';
import { factsOf, type Method, missingStrengths, type Proofs } from '../../oidc/proofs.ts';
import { requiredStrengths } from '../../oidc/required-sign-in.ts';
import type { Subject } from '../../oidc/subjects.store.ts';
import { endUnmet, type FinishOptions, finishSignIn } from './finish.ts';
import type { Step } from './step.ts';

/**
 * Somebody has proved by this method to be the person of this account. Ends the sign-in, unless more
 * must be proved.
 *
 * @throws AppError `account_unavailable` (403) for an account that may not sign in here
 */
export async function proved(
  step: Step,
  accountId: string,
  method: Method,
  options: FinishOptions = {},
): Promise<void> {
  const account = await usableHere(step, accountId);
  const proofs: Proofs = [{ method, at: new Date() }];
  // No page here asks for a second proof, so the client is told.
  if (stillMissing(step, proofs).length > 0) return endUnmet(step);
  return finishSignIn(step, account, proofs, options);
}

/**
 * What was proved and is not enough: each `acr` of which one would be. Only the client insists on any;
 * no account and no tenant does so by itself.
 */
function stillMissing({ details }: Step, proofs: Proofs): readonly unknown[] {
  return missingStrengths(factsOf(proofs).acr, requiredStrengths(details.params));
}

async function usableHere(step: Step, accountId: string): Promise<Subject> {
  const { parts, client, fixedTenant } = step;
  const account = await parts.subjects.find(accountId);
  const tenantFits = account && (!fixedTenant || fixedTenant.id === account.tenantId);
  if (!tenantFits || !serves(client, account.tenantId)) {
    throw new AppError('account_unavailable');
  }
  return account;
}
