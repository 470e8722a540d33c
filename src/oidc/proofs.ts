import type { Factors } from '../factors/factors.store.ts';

/**
 * By what somebody has shown that they are the person of an account. `otp` is a code by mail, `totp` one
 * from an app, `hwk` and `swk` a passkey that verified its user, bound to a device or synced, `fed` that
 * another provider said so, `fed_mfa` one whose word that it asked for several factors is believed;
 * `remembered` is no proof of now, but of one within the last 30 days.
 */
export const methods = [
  ...(['pwd', 'otp', 'fed', 'fed_mfa'] as const),
  ...(['totp', 'recovery', 'remembered'] as const),
  ...(['hwk', 'swk'] as const),
] as const;

export type Method = (typeof methods)[number];

/** That somebody is the person of an account, as they have shown in one sign-in. */
export type Proof = { method: Method; at: Date };

/** The last is the newest. */
export type Proofs = readonly [Proof, ...Proof[]];

/** Single factor and multi-factor, as the REFEDS profiles name them. */
const singleFactor = 'https://refeds.org/profile/sfa';
const multiFactor = 'https://refeds.org/profile/mfa';

/** OpenID Connect Extended Authentication Profile (EAP) 1.0 §2: phishing-resistant. */
const phishingResistant = 'phr';

/**
 * One step, in a browser that is remembered for the other. Like `twoSteps` enough for a tenant that wants
 * two, but never announced: applications are told of a single factor.
 */
export const rememberedStep = 'urn:openmeet-id:acr:remembered-step';

/** Two steps that are not two factors of different kinds. */
export const twoSteps = 'urn:openmeet-id:acr:two-steps';

/** What a sign-in can come to, the weakest first: each is also those before it. */
const levels: readonly string[] = [
  ...[singleFactor, rememberedStep, twoSteps],
  ...[multiFactor, phishingResistant],
];

/** Every `acr` that a client can ask for, the weakest first. */
export const strengths: readonly string[] = [singleFactor, multiFactor];

const passkeys: ReadonlySet<Method> = new Set(['hwk', 'swk']);
const secondSteps: ReadonlySet<Method> = new Set(['totp', 'recovery']);

/**
 * A password and a code by mail are no two factors together: whoever reads the mail can have a new
 * password. Nor are a code by mail and one from an app, which are both something that one has; and of
 * what another provider asked nothing is known.
 */
function levelOf(proofs: Proofs): string {
  const methods = proofs.map(({ method }) => method);
  if (methods.some((method) => passkeys.has(method))) return phishingResistant;
  const second = methods.some((method) => secondSteps.has(method));
  if (methods.includes('fed_mfa') || (second && methods.includes('pwd'))) return multiFactor;
  if (second) return twoSteps;
  return methods.includes('remembered') ? rememberedStep : singleFactor;
}

/** What an account can come to at best, by what it has. */
export function attainableLevel(
  { hasPassword }: { hasPassword: boolean },
  { totp, passkeys }: Factors,
): string {
  if (passkeys > 0) return phishingResistant;
  if (!totp) return singleFactor;
  return hasPassword ? multiFactor : twoSteps;
}

/** RFC 8176; it has no name for "another provider said so". */
const namesOf: Record<Method, readonly string[]> = {
  pwd: ['pwd'],
  otp: ['otp'],
  fed: ['fed'],
  fed_mfa: ['fed'],
  totp: ['otp'],
  recovery: ['otp'],
  remembered: [],
  hwk: ['hwk', 'user'],
  swk: ['swk', 'user'],
};

/**
 * What the library is told of a login. `acr` is the level of the session: applications are told of it
 * what `announcedStrength` says.
 */
export type LoginFacts = { acr?: string; amr: string[]; ts: number };

export function factsOf(proofs: Proofs): LoginFacts {
  const acr = levelOf(proofs);
  const names = proofs.flatMap(({ method }) => namesOf[method]);
  if (reaches(acr, multiFactor)) names.push('mfa');
  return {
    acr,
    amr: [...new Set(names)],
    ts: secondsOf(Math.max(...proofs.map(({ at }) => at.getTime()))),
  };
}

/** The platform's word is no proof: it has no strength, and the time is that of the last proof here. */
export function factsOfHandOff(lastProof: Date): LoginFacts {
  return { amr: ['handoff'], ts: secondsOf(lastProof.getTime()) };
}

/** @param level of a session or of proofs; undefined for one without any */
export function reaches(level: string | undefined, strength: unknown): boolean {
  const wanted = levels.indexOf(strength as string);
  return wanted >= 0 && levels.indexOf(level ?? '') >= wanted;
}

/** The `acr` of an ID token: the first that was asked for of those reached, else the strongest. */
export function announcedStrength(
  level: string | undefined,
  requested: readonly unknown[],
): string | undefined {
  const reached = strengths.filter((strength) => reaches(level, strength));
  const wanted = requested.find((one) => reached.includes(one as string));
  return (wanted as string | undefined) ?? reached.at(-1);
}

/** Each `acr` of which a client still wants one: none if it is reached. */
export function missingStrengths(
  level: string | undefined,
  wanted: readonly unknown[],
): readonly unknown[] {
  const known = wanted.filter((one) => strengths.includes(one as string));
  return known.some((one) => reaches(level, one)) ? [] : wanted;
}

function secondsOf(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
