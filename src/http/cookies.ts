import type { Context } from 'koa';
import { AppError, type AppErrorOptions, type ErrorCode } from '../errors.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';

/**
 * `__Host-` on https, so that no subdomain can plant a cookie (login CSRF by cookie tossing,
 * RFC 6265bis §4.1.3.2); plain names on loopback http, where browsers refuse the prefix.
 */
export function cookieNames(publicUrl: string) {
  const prefix = publicUrl.startsWith('https:') ? '__Host-' : '';
  return {
    session: `${prefix}session`,
    browser: `${prefix}browser`,
    parked: `${prefix}parked`,
    parkedTransient: `${prefix}parked-transient`,
    language: `${prefix}language`,
    lastWay: `${prefix}way`,
    merge: `${prefix}merge`,
  };
}

export type CookieNames = ReturnType<typeof cookieNames>;

/**
 * Signs the provider's cookies, and lets us read its session cookie. In place of Keygrip, whose
 * comparisons make two more HMACs with keys of their own for every cookie of every request.
 */
export function cookieSigner(fingerprints: Fingerprints) {
  const matches = (data: string, digest: string) =>
    fingerprints.everMatched('cookies', data, digest);
  return {
    sign: (data: string) => fingerprints.of('cookies', data),
    verify: matches,
    index: (data: string, digest: string) => (matches(data, digest) ? 0 : -1),
  };
}

export type CookieOptions = { secure: boolean; maxAgeSeconds?: number };

export function setCookie(ctx: Context, name: string, value: string, options: CookieOptions) {
  ctx.cookies.set(name, value, {
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    secure: options.secure,
    signed: false,
    overwrite: true,
    maxAge: options.maxAgeSeconds === undefined ? undefined : options.maxAgeSeconds * 1000,
  });
}

export function clearCookie(ctx: Context, name: string, options: CookieOptions) {
  setCookie(ctx, name, '', { ...options, maxAgeSeconds: 0 });
}

/**
 * For a request that came without the cookie that it should have brought. A browser that brings no
 * cookie at all keeps none, or is another one than where the person began: they are told so, instead
 * of what else the code says.
 */
export function withoutCookie(
  ctx: Context,
  code: ErrorCode,
  options: AppErrorOptions = {},
): AppError {
  return new AppError(bringsCookies(ctx) ? code : 'cookies_off', options);
}

export function bringsCookies(ctx: Pick<Context, 'get'>): boolean {
  return ctx.get('cookie') !== '';
}
