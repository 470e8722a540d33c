import { decodeJwt } from 'jose';
import type Provider from 'oidc-provider';
import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { accountById } from '../accounts/accounts.store.ts';
import type { Queryable } from '../database/database.ts';
import { factorsOf } from '../factors/factors.store.ts';
import { announcedStrength, attainableLevel, missingStrengths, strengths } from './proofs.ts';

const { Check } = interactionPolicy;

type Params = Record<string, unknown>;
type Policy = ReturnType<typeof interactionPolicy.base>;

/**
 * Where a request says who must sign in, or how, and the sign-in that was just made is not so, the
 * client is told (OIDC Core 3.1.2.1, 3.1.2.2 and 5.5.1.1): the library would ask for the next one,
 * and so on for ever. Nobody is told whether there is such a person at all.
 */
export function refuseUnmetRequirements(policy: Policy, db: Queryable): void {
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
  checks?.add(
    new Check('wished_strength', 'a stronger sign-in is wished for', 'login_required', (ctx) =>
      couldBeAsWished(ctx, db),
    ),
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
  const missing = missingStrengths(levelOf(ctx), requiredStrengths(ctx.oidc.params));
  if (missing.length === 0) return Check.NO_NEED_TO_PROMPT;
  if (justSignedIn(ctx) || !missing.some((one) => strengths.includes(one as string))) {
    throw new errors.UnmetAuthenticationRequirements('the essential acr cannot be had here');
  }
  return Check.REQUEST_PROMPT;
}

/**
 * Whether somebody who is signed in with less than the client would like to see has what it takes. It is
 * asked for once: whoever has just signed in goes on, and a silent request is answered.
 */
async function couldBeAsWished(ctx: KoaContextWithOIDC, db: Queryable): Promise<boolean> {
  const { oidc } = ctx;
  const accountId = oidc.session?.accountId;
  const missing = missingStrengths(levelOf(ctx), wishedStrengths(oidc.params));
  const silent = oidc.prompts.has('none');
  if (!accountId || missing.length === 0 || silent || justSignedIn(ctx)) {
    return Check.NO_NEED_TO_PROMPT;
  }
  const [account, factors] = await Promise.all([
    accountById(db, accountId),
    factorsOf(db, accountId),
  ]);
  const attainable = account && attainableLevel(account, factors);
  return missingStrengths(attainable, missing).length === 0
    ? Check.REQUEST_PROMPT
    : Check.NO_NEED_TO_PROMPT;
}

const levelOf = ({ oidc }: KoaContextWithOIDC) => oidc.session?.acr;

/**
 * The session knows what it has come to; a client is told of it by the value that it asked for, if that
 * is reached. The library reads it here wherever it writes `acr`.
 */
export function announceStrengths(provider: Provider): void {
  const { prototype } = (provider as unknown as { OIDCContext: { prototype: object } }).OIDCContext;
  if (!Object.getOwnPropertyDescriptor(prototype, 'acr')?.get) {
    throw new Error('the library reads acr from elsewhere now');
  }
  Object.defineProperty(prototype, 'acr', {
    get(this: KoaContextWithOIDC['oidc']) {
      return announcedStrength(this.session?.acr, wishedStrengths(this.params));
    },
  });
}

/** Each `acr` of which the client insists on one; empty where it takes any. */
export function requiredStrengths(params: Params | undefined): readonly unknown[] {
  return valuesOf(params, 'acr', { essential: true });
}

/** Each `acr` that it would like, what it insists on first; `acr_values` in its own order. */
export function wishedStrengths(params: Params | undefined): readonly unknown[] {
  const list = params?.acr_values;
  const values = typeof list === 'string' ? list.split(' ') : [];
  return [...valuesOf(params, 'acr'), ...values];
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
