import type { Middleware } from 'koa';
import { AppError } from '../errors.ts';

/**
 * PostgreSQL has no text with a NUL in it. Nobody means to send one, so it is refused here rather
 * than by whatever query comes upon it first.
 *
 * @throws AppError `invalid_request` (400)
 */
export const wellFormedUrls: Middleware = (ctx, next) => {
  if (ctx.url.includes('%00')) throw new AppError('invalid_request');
  return next();
};
