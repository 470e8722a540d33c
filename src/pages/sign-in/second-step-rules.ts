import type { Factors } from '../../factors/factors.store.ts';
import { factsOf, type Method, missingStrengths, type Proofs } from '../../oidc/proofs.ts';

const enough: ReadonlySet<Method> = new Set(['totp', 'recovery', 'hwk', 'swk']);

/**
 * What a sign-in still needs: nothing, a second step, or more than the account can prove, of which the
 * client is told. Where the browser is `remembered` that stands in for the second step, unless the client
 * asks for more than it comes to.
 *
 * @param asked.required each `acr` of which the client insists on one
 * @param asked.wished each of which it would like one
 */
export function stillNeeded(
  proofs: Proofs,
  { factors, isRemembered }: { factors: Factors; isRemembered: boolean },
  asked: { required: readonly unknown[]; wished: readonly unknown[] },
): 'nothing' | 'remembered' | 'second_step' | 'unmet' {
  const lacks = (wanted: readonly unknown[], by: Proofs) =>
    missingStrengths(factsOf(by).acr, wanted).length > 0;
  const able = factors.totp !== null && !proofs.some(({ method }) => enough.has(method));
  const better: Proofs = able ? [...proofs, { method: 'totp', at: new Date() }] : proofs;
  if (lacks(asked.required, better)) return 'unmet';
  if (!able) return 'nothing';
  const wanted = lacks(asked.required, proofs) || lacks(asked.wished, proofs);
  const helps = wanted && !lacks(asked.wished, better);
  return isRemembered && !helps ? 'remembered' : 'second_step';
}
