import type { Context } from 'koa';
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
    language: `${prefix}language`,
    lastWay: `${prefix}way`,
  };
}

export type CookieNames = ReturnType<typeof cookieNames>;

/** One key for the provider's signed cookies and for us, who read its session cookie. */
export function cookieKey(fingerprints: Fingerprints): string {
  return fingerprints.derive('cookies').toString('base64url');
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
