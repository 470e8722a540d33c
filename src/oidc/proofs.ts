/** Authentication methods as RFC 8176 names them; it has no name for "another provider said so". */
export type Method = 'pwd' | 'otp' | 'fed';

/** That somebody is the person of an account, as they have shown in one sign-in. */
export type Proof = { method: Method; at: Date };

/** The last is the newest. */
export type Proofs = readonly [Proof, ...Proof[]];

/** Single factor, as the REFEDS profile names it. */
const singleFactor = 'https://refeds.org/profile/sfa';

/** Every `acr` that a sign-in here can have, the weakest first. */
export const strengths: readonly string[] = [singleFactor];

/**
 * What each method comes to. A password and a code by mail are no two factors together: whoever reads
 * the mail can have a new password.
 */
const strengthOf: Record<Method, string> = {
  pwd: singleFactor,
  otp: singleFactor,
  fed: singleFactor,
};

/** What the library is told of a login, and tells clients as `acr`, `amr` and `auth_time`. */
export type LoginFacts = { acr?: string; amr: string[]; ts: number };

export function factsOf(proofs: Proofs): LoginFacts {
  const reached = proofs.map(({ method }) => strengthOf[method]);
  return {
    acr: strengths.findLast((strength) => reached.includes(strength)),
    amr: [...new Set(proofs.map(({ method }) => method))],
    ts: secondsOf(Math.max(...proofs.map(({ at }) => at.getTime()))),
  };
}

/** The platform's word is no proof: it has no strength, and the time is that of the last proof here. */
export function factsOfHandOff(lastProof: Date): LoginFacts {
  return { amr: ['handoff'], ts: secondsOf(lastProof.getTime()) };
}

/** Each `acr` of which one must still be reached, where one is required: none if it is. */
export function missingStrengths(
  acr: string | undefined,
  required: readonly unknown[],
): readonly unknown[] {
  return required.includes(acr) ? [] : required;
}

function secondsOf(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
