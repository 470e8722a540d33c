import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { MergeKey } from '../../../accounts/merges.store.ts';
import { clearCookie, setCookie } from '../../../http/cookies.ts';
import { browserOf } from '../../../oidc/browser.ts';
import type { InteractionParts } from '../../sign-in/parts.ts';

type Parts = Pick<InteractionParts, 'cookies' | 'fingerprints' | 'secureCookies'>;

/** Time for both proofs and the decision. */
export const mergeMinutes = 15;

/** A merge that only this browser can go on with. */
export function newMergeKey(ctx: Context, parts: Parts): MergeKey {
  const token = randomBytes(32).toString('base64url');
  setCookie(ctx, parts.cookies.merge, token, {
    secure: parts.secureCookies,
    maxAgeSeconds: mergeMinutes * 60,
  });
  return keyOf(token, ctx, parts);
}

export function mergeKeyOf(ctx: Context, parts: Parts): MergeKey | undefined {
  const token = ctx.cookies.get(parts.cookies.merge);
  return token ? keyOf(token, ctx, parts) : undefined;
}

export function forgetMerge(ctx: Context, parts: Parts): void {
  clearCookie(ctx, parts.cookies.merge, { secure: parts.secureCookies });
}

function keyOf(token: string, ctx: Context, parts: Parts): MergeKey {
  return { id: parts.fingerprints.of('account merge', token), browser: browserOf(ctx, parts) };
}
