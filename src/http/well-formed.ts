import type { Context, Middleware } from 'koa';
import { AppError } from '../errors.ts';

/**
 * From here on, what a request is for stands in one form: a path and a query (RFC 9112 §3.2.1). Where
 * the target names its host as well, that host counts and not the header (§3.2.2).
 *
 * Refused is what one parser reads as another path than the next: a fragment, or a backslash in the
 * path; and NUL, which PostgreSQL has no text with.
 *
 * @throws AppError `invalid_request` (400)
 */
export const wellFormedTargets: Middleware = (ctx, next) => {
  const target = originForm(ctx);
  if (!/^\/[^\\#?]*(?:\?[^#]*)?$/.test(target) || target.includes('%00')) {
    throw new AppError('invalid_request');
  }
  ctx.url = target;
  return next();
};

function originForm({ req }: Context): string {
  const { url = '' } = req;
  const [, host, rest = ''] = /^https?:\/\/([^/?#\\]*)(.*)$/i.exec(url) ?? [];
  if (host === undefined) return url;
  req.headers.host = host;
  return rest.startsWith('/') ? rest : `/${rest}`;
}
