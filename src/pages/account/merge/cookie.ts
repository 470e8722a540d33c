import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { MergeKey } from '../../../accounts/merges.store.ts';
import { clearCookie, setCookie } from '../../../http/cookies.ts';
import { type BrowserParts, browserOf } from '../../../oidc/browser.ts';

/** Time for both proofs and the decision. */
export const mergeMinutes = 15;

/** A merge that only this browser can go on with. */
export function newMergeKey(ctx: Context, parts: BrowserParts): MergeKey {
  const token = randomBytes(32).toString('base64url');
  setCookie(ctx, parts.cookies.merge, token, {
    secure: parts.secureCookies,
    maxAgeSeconds: mergeMinutes * 60,
  });
  return keyOf(token, ctx, parts);
}

export function mergeKeyOf(ctx: Context, parts: BrowserParts): MergeKey | undefined {
  const token = ctx.cookies.get(parts.cookies.merge);
  return token ? keyOf(token, ctx, parts) : undefined;
}

export function forgetMerge(ctx: Context, parts: BrowserParts): void {
  clearCookie(ctx, parts.cookies.merge, { secure: parts.secureCookies });
}

function keyOf(token: string, ctx: Context, parts: BrowserParts): MergeKey {
  return { id: parts.fingerprints.of('account merge', token), browser: browserOf(ctx, parts) };
}
