import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import { type CookieNames, setCookie } from '../http/cookies.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';

const cookieSeconds = 400 * 24 * 3600;

export type BrowserParts = {
  cookies: CookieNames;
  fingerprints: Fingerprints;
  secureCookies: boolean;
};

/** Fingerprint of a random cookie that this browser has, or gets now. */
export function browserOf(ctx: Context, parts: BrowserParts): string {
  const known = knownBrowser(ctx, parts);
  if (known) return known;
  const value = randomBytes(24).toString('base64url');
  // Asked for once more while this request is served, it is the same browser.
  ctx.state.browser = value;
  setCookie(ctx, parts.cookies.browser, value, {
    secure: parts.secureCookies,
    maxAgeSeconds: cookieSeconds,
  });
  return parts.fingerprints.of('browser', value);
}

/** The same; undefined for a browser that has no such cookie. */
export function knownBrowser(
  ctx: Context,
  { cookies, fingerprints }: Omit<BrowserParts, 'secureCookies'>,
): string | undefined {
  const value: string | undefined = ctx.state.browser ?? ctx.cookies.get(cookies.browser);
  return value && /^[\w-]{32}$/.test(value) ? fingerprints.of('browser', value) : undefined;
}
