import type { Context } from 'koa';
import { accountById } from '../../../accounts/accounts.store.ts';
import { liveMerge, type MergeKey, proveOther, proveOwn } from '../../../accounts/merges.store.ts';
import { accountClientId } from '../../../clients/own-clients.ts';
import type { Transaction } from '../../../database/database.ts';
import type { Step } from '../../sign-in/step.ts';
import { type SignInParts, signInUrl } from '../sign-in.ts';
import { mergeKeyOf } from './cookie.ts';

/** First the other account is signed in to, then, for that pair, the one at hand once more. */
export type Proof = 'other' | 'own';

const proofs: readonly Proof[] = ['other', 'own'];

/** A sign-in that counts as this proof, for this merge, in this browser, and as nothing else. */
export function sendToProof(
  ctx: Context,
  parts: SignInParts,
  { key, proof, tenantId, hint }: { key: MergeKey; proof: Proof; tenantId: string; hint?: string },
): void {
  const state = stateOf(parts, key, proof);
  ctx.status = 303;
  ctx.redirect(signInUrl(parts, { state, tenant: tenantId, prompt: 'login', hint }));
}

/** In the transaction that ends a sign-in, by whatever way: whether it was for a merge. */
export async function noteProof(
  tx: Transaction,
  step: Step<'publicUrl'>,
  accountId: string,
): Promise<void> {
  const merging = mergeOf(step);
  if (merging?.proof === 'other') await proveOther(tx, { ...merging.key, accountId });
  if (merging?.proof === 'own') await proveOwn(tx, { ...merging.key, accountId });
}

/** Whom the page of such a sign-in expects: the account at hand, or whoever is to be merged with it. */
export async function mergingOf(step: Step<'publicUrl'>) {
  const merging = mergeOf(step);
  const merge = merging && (await liveMerge(step.parts.database, merging.key));
  const account = merge && (await accountById(step.parts.database, merge.accountId));
  if (!merging || !account?.handle) return undefined;
  const { name, handle, picture } = account;
  return merging.proof === 'own'
    ? { proves: { name, handle, picture: picture ?? undefined } }
    : { wantsOther: { handle } };
}

/** Back from a sign-in: which proof it was to be, if any. */
export function returnedProof(
  ctx: Context,
  parts: SignInParts,
): { key: MergeKey; proof: Proof } | undefined {
  return proofFor(ctx, parts, ctx.query.state);
}

function mergeOf({ ctx, parts, client, details }: Step<'publicUrl'>) {
  if (client.id !== accountClientId) return undefined;
  return proofFor(ctx, parts, details.params.state);
}

function proofFor(ctx: Context, parts: SignInParts, state: unknown) {
  const key = mergeKeyOf(ctx, parts);
  const proof = key && proofs.find((candidate) => stateOf(parts, key, candidate) === state);
  return proof && { key, proof };
}

function stateOf({ fingerprints }: SignInParts, { id, browser }: MergeKey, proof: Proof): string {
  return fingerprints.of('merge proof', JSON.stringify([id, browser, proof]));
}
