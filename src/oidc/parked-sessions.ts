import type { Context } from 'koa';
import { type CookieNames, clearCookie, setCookie } from '../http/cookies.ts';
import type { KeyRing } from '../secrets/keyring.ts';

type Parts = { cookies: CookieNames; secureCookies: boolean; ring: KeyRing };

/** Accounts that one browser can be signed in to at once. */
const mostParked = 7;
const keptSeconds = 30 * 24 * 3600;
const context = 'cookie:parked:sessions:';

/**
 * Ids of the sessions that this browser has put aside, newest first. Only the browser holds them:
 * the database knows sessions by HMAC.
 */
export function parkedSessions(ctx: Context, { cookies, ring }: Parts): string[] {
  const sealed = ctx.cookies.get(cookies.parked);
  if (!sealed) return [];
  try {
    const ids: unknown = JSON.parse(ring.open(sealed, context).toString());
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** Puts the current session aside; the caller replaces or clears its cookie. */
export function parkSession(ctx: Context, parts: Parts): void {
  const current = currentSessionId(ctx, parts);
  if (!current) return;
  const others = parkedSessions(ctx, parts).filter((id) => id !== current);
  writeParked(ctx, parts, [current, ...others].slice(0, mostParked));
}

export function writeParked(ctx: Context, parts: Parts, ids: readonly string[]): void {
  const options = { secure: parts.secureCookies };
  if (ids.length === 0) clearCookie(ctx, parts.cookies.parked, options);
  else {
    const sealed = parts.ring.seal(JSON.stringify(ids), context);
    setCookie(ctx, parts.cookies.parked, sealed, { ...options, maxAgeSeconds: keptSeconds });
  }
}

export function currentSessionId(ctx: Context, { cookies }: Pick<Parts, 'cookies'>) {
  return ctx.cookies.get(cookies.session, { signed: true });
}
