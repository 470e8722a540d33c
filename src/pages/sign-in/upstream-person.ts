import { z } from 'zod';
import { parseEmail } from '../../accounts/email-address.ts';
import type { Queryable } from '../../database/database.ts';
import type { UpstreamIdentity } from '../../federation/connector.ts';
import type { Method, Proofs } from '../../oidc/proofs.ts';
import type { KeyRing } from '../../secrets/keyring.ts';
import { keepUpstream } from './sign-ins.store.ts';
import type { Step } from './step.ts';

const factsSchema = z.object({
  identity: z.object({
    connection: z.string(),
    issuer: z.string(),
    subject: z.string(),
    email: z.string().optional(),
    emailVerified: z.boolean(),
    name: z.string().optional(),
    picture: z.string().optional(),
    locale: z.string().optional(),
    handleHint: z.string().optional(),
    hostedDomain: z.string().nullable().optional(),
    multiFactor: z.boolean().optional(),
    sid: z.string().optional(),
  }),
  /** The account that has its address: linked to it if the person signs in to it from there. */
  link: z
    .object({
      accountId: z.string(),
      agreed: z.boolean(),
      /** The address that was proved by code in this sign-in: as good as signing in by code. */
      proved: z.string().optional(),
    })
    .optional(),
  /** Whether the person chose to have an account without an address. */
  withoutEmail: z.boolean().optional(),
});

/** What a sign-in has learned elsewhere, and what is to be done with it. */
export type UpstreamFacts = z.infer<typeof factsSchema> & { identity: UpstreamIdentity };

export type LinkOffer = NonNullable<UpstreamFacts['link']>;

/** Who this sign-in's person is elsewhere, where they came from there. */
export function upstreamOf({ signIn, parts }: Step<'ring'>): UpstreamFacts | undefined {
  if (!signIn.upstreamSealed) return undefined;
  const opened = parts.ring.open(signIn.upstreamSealed, contextOf(signIn.id));
  return factsSchema.parse(JSON.parse(opened.toString()));
}

/** By what the word of another provider proves. */
export function methodOf({ multiFactor }: UpstreamIdentity): Method {
  return multiFactor ? 'fed_mfa' : 'fed';
}

/** By whose word the first step was done, where it was by another provider's. */
export function upstreamBehind(step: Step<'ring'>, [first]: Proofs): UpstreamIdentity | undefined {
  const theirs = first.method === 'fed' || first.method === 'fed_mfa';
  return theirs ? upstreamOf(step)?.identity : undefined;
}

/** Begins the sign-in anew with what was learned elsewhere: nothing typed or proved before remains. */
export async function keepFacts(
  db: Queryable,
  ring: KeyRing,
  signInId: string,
  facts: UpstreamFacts,
): Promise<string> {
  const sealed = ring.seal(JSON.stringify(facts), contextOf(signInId));
  await keepUpstream(db, signInId, sealed);
  return sealed;
}

export async function forgetUpstream({ signIn, parts }: Step): Promise<void> {
  if (!signIn.upstreamSealed) return;
  await keepUpstream(parts.database, signIn.id, null);
  signIn.upstreamSealed = null;
}

function contextOf(signInId: string): string {
  return `sign_ins:${signInId}:upstream_sealed:`;
}

/** The address, where the provider says that it belongs to the person. */
export function vouchedAddress({ email, emailVerified }: UpstreamIdentity) {
  return emailVerified && email ? parseEmail(email) : undefined;
}

/** The same, or else the address that the person proved here by code. */
export function addressOf({ signIn }: Step, identity: UpstreamIdentity) {
  const { provedAt, email, emailKey } = signIn;
  const proved = provedAt && email && emailKey ? { email, key: emailKey } : undefined;
  return vouchedAddress(identity) ?? proved;
}

/** Whether this sign-in is to link what was learned elsewhere to the account that it signs in to. */
export async function linkingOf(
  step: Step<'connectors' | 'ring'>,
): Promise<{ provider: string; email: string; proved: boolean } | undefined> {
  const facts = upstreamOf(step);
  if (!facts?.link) return undefined;
  const { connection, email = '' } = facts.identity;
  const { proved } = facts.link;
  const connector = await step.parts.connectors.find(step.tenant, connection);
  const provider = connector?.name ?? connection;
  return { provider, email: proved ?? email, proved: proved !== undefined };
}
