import { decodeJwt } from 'jose';
import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { missingStrengths, strengths } from './proofs.ts';

const { Check } = interactionPolicy;

type Params = Record<string, unknown>;
type Policy = ReturnType<typeof interactionPolicy.base>;

/**
 * Where a request says who must sign in, or how, and the sign-in that was just made is not so, the
 * client is told (OIDC Core 3.1.2.1, 3.1.2.2 and 5.5.1.1): the library would ask for the next one,
 * and so on for ever. Nobody is told whether there is such a person at all.
 */
export function refuseUnmetRequirements(policy: Policy): void {
  const checks = policy.get('login')?.checks;
  for (const reason of libraryChecks) {
    if (!checks?.get(reason)) throw new Error(`the library has no check ${reason} any more`);
    checks.remove(reason);
  }
  checks?.add(
    new Check('another_subject', 'somebody else was asked for', 'login_required', isAnotherSubject),
  );
  checks?.add(
    new Check('weak', 'the sign-in is not as strong as asked', 'login_required', lacksStrength),
  );
  for (const reason of ['another_subject', 'other_tenant']) endAfterSignIn(checks?.get(reason));
}

const libraryChecks = [
  ...['id_token_hint', 'claims_id_token_sub_value'],
  ...['essential_acrs', 'essential_acr'],
];

function endAfterSignIn(check: InstanceType<typeof Check> | undefined): void {
  if (!check) throw new Error('there is no such check');
  const asks = check.check;
  check.check = async (ctx) => {
    const unmet = await asks(ctx);
    if (unmet && justSignedIn(ctx)) throw new errors.LoginRequired(check.description);
    return unmet;
  };
}

const justSignedIn = ({ oidc }: KoaContextWithOIDC) => oidc.result?.login !== undefined;

/** The library looks at a hint before the sign-in only, and so would answer as whoever then comes. */
function isAnotherSubject(ctx: KoaContextWithOIDC): boolean {
  const accountId = ctx.oidc.session?.accountId;
  const wanted = valuesOf(ctx.oidc.params, 'sub');
  if (wanted.length > 0 && !wanted.includes(accountId)) return Check.REQUEST_PROMPT;
  // It was verified before the request was kept.
  const hint = ctx.oidc.params?.id_token_hint;
  const fits = hint === undefined || decodeJwt(String(hint)).sub === accountId;
  return fits ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
}

/** @throws UnmetAuthenticationRequirements */
function lacksStrength(ctx: KoaContextWithOIDC): boolean {
  const missing = missingStrengths(ctx.oidc.acr, requiredStrengths(ctx.oidc.params));
  if (missing.length === 0) return Check.NO_NEED_TO_PROMPT;
  if (justSignedIn(ctx) || !missing.some((one) => strengths.includes(one as string))) {
    throw new errors.UnmetAuthenticationRequirements('the essential acr cannot be had here');
  }
  return Check.REQUEST_PROMPT;
}

/** Each `acr` of which the client insists on one; empty where it takes any. */
export function requiredStrengths(params: Params | undefined): readonly unknown[] {
  return valuesOf(params, 'acr', { essential: true });
}

/**
 * What a claim of the ID token must be (OIDC Core 5.5.1). Read from the request: of one that has
 * `acr_values` too, the library forgets that the claim `acr` was essential.
 */
function valuesOf(params: Params | undefined, claim: string, { essential = false } = {}) {
  const asked = JSON.parse(String(params?.claims ?? '{}')).id_token?.[claim];
  if (essential && asked?.essential !== true) return [];
  return [asked?.value ?? [], asked?.values ?? []].flat() as unknown[];
}
