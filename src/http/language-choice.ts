import type { Middleware } from 'koa';
import { type CookieNames, setCookie } from './cookies.ts';
import { availableLanguages } from './messages.ts';
import { keepOpener } from './security-headers.ts';

/** `?lang=` on any page keeps that choice in a cookie and shows the page without the parameter. */
export function languageChoice(cookies: CookieNames, secure: boolean): Middleware {
  return async (ctx, next) => {
    const wanted = ctx.query.lang;
    if (
      ctx.method !== 'GET' ||
      typeof wanted !== 'string' ||
      !availableLanguages.includes(wanted)
    ) {
      return next();
    }
    setCookie(ctx, cookies.language, wanted, { secure, maxAgeSeconds: 365 * 24 * 3600 });
    const query = new URLSearchParams(ctx.querystring);
    query.delete('lang');
    ctx.status = 303;
    keepOpener(ctx);
    // Relative to this very page: no host, and no path that could be read as one.
    ctx.redirect(`./${ctx.path.split('/').pop()}${query.size > 0 ? `?${query}` : ''}`);
  };
}
