import type { Factors } from '../../factors/factors.store.ts';
import {
  factsOf,
  type Method,
  missingStrengths,
  type Proofs,
  reaches,
  twoSteps,
} from '../../oidc/proofs.ts';

const enough: ReadonlySet<Method> = new Set(['totp', 'recovery', 'hwk', 'swk']);

type Asked = {
  /** Each `acr` of which the client insists on one. */
  required: readonly unknown[];
  /** Each of which it would like one. */
  wished: readonly unknown[];
  /** Each of which the operator demands one of every sign-in to the client. */
  demanded: readonly unknown[];
  /** What the tenant wants of everybody; until it `requires` it, whoever lacks it may put it off. */
  tenant: 'nothing' | 'offers' | 'requires';
};

/**
 * What a sign-in still needs: nothing, a second step, one that has to be set up first, or more than the
 * account can prove, of which the client is told. Where the browser is `remembered` that stands in for
 * the second step, unless the client asks for more than it comes to.
 */
export function stillNeeded(
  proofs: Proofs,
  { factors, isRemembered }: { factors: Factors; isRemembered: boolean },
  { required, wished, demanded, tenant }: Asked,
): 'nothing' | 'remembered' | 'second_step' | 'set_up' | 'unmet' {
  const done = proofs.some(({ method }) => enough.has(method));
  const hasApp = factors.totp !== null && !done;
  const hasPasskey = factors.passkeys > 0 && !done;
  const withApp: Proofs = done ? proofs : [...proofs, { method: 'totp', at: new Date() }];
  const better = hasApp ? withApp : proofs;
  const best: Proofs = hasPasskey ? [...proofs, { method: 'swk', at: new Date() }] : better;
  // What a client asks for has to be there; for what the operator demands, an app can be set up.
  if (lacks(required, best) || lacks(demanded, hasPasskey ? best : withApp)) return 'unmet';
  const lacksDemanded = lacks(demanded, proofs);
  // Of another provider that the operator believes, two factors are enough as well.
  const satisfied = done || reaches(factsOf(proofs).acr, twoSteps);
  if (hasPasskey && !hasApp) {
    // An app beside it could be set up by whoever has the password only.
    const wanted =
      lacksDemanded || lacks(required, proofs) || (tenant === 'requires' && !satisfied);
    return wanted ? 'second_step' : 'nothing';
  }
  if (!hasApp) return satisfied || (tenant === 'nothing' && !lacksDemanded) ? 'nothing' : 'set_up';
  const helps =
    lacksDemanded || lacks(required, proofs) || (lacks(wished, proofs) && !lacks(wished, better));
  return isRemembered && !helps ? 'remembered' : 'second_step';
}

function lacks(wanted: readonly unknown[], proofs: Proofs): boolean {
  return missingStrengths(factsOf(proofs).acr, wanted).length > 0;
}
