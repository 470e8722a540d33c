import type { Context, Middleware } from 'koa';
import { AppError } from '../errors.ts';
import type { Log } from './log.ts';
import { loggedPath } from './logged-path.ts';
import { requestContext } from './request-context.ts';

/** Shows an error to a person; programs get JSON instead. */
export type ShowError = (ctx: Context, error: AppError) => Promise<void>;

/**
 * The one place where an error becomes an answer. What is not an `AppError` is a fault of ours: it is
 * logged with its stack, and the answer says nothing but the request id.
 */
export function answerErrors(log: Log, show: ShowError): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && !ctx.body && ctx.respond !== false) {
        throw new AppError('not_found');
      }
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.status >= 500) log.error({ err: thrown, path: loggedPath(ctx) }, error.code);
      if (ctx.res.headersSent) return;
      ctx.set('cache-control', 'no-store');
      setRetryAfter(ctx, error);
      if (wantsJson(ctx)) answerJson(ctx, error);
      else await show(ctx, error).catch(() => answerJson(ctx, error));
    }
  };
}

function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const status = (thrown as { status?: unknown }).status;
  return typeof status === 'number' && status >= 400 && status < 500
    ? new AppError('invalid_request', { status, cause: thrown })
    : new AppError('internal', { cause: thrown });
}

function setRetryAfter(ctx: Context, { details }: AppError): void {
  if (typeof details.retryAt !== 'string') return;
  const seconds = Math.max(1, Math.ceil((Date.parse(details.retryAt) - Date.now()) / 1000));
  ctx.set('retry-after', String(seconds));
}

/** Browsers ask for a page by its type; programs do not. */
function wantsJson(ctx: Context): boolean {
  return ctx.accepts('json', 'html') !== 'html';
}

function answerJson(ctx: Context, error: AppError): void {
  ctx.status = error.status;
  ctx.body = {
    error: error.code,
    ...(error.message !== error.code ? { error_description: error.message } : undefined),
    ...(Object.keys(error.details).length > 0 ? { details: error.details } : undefined),
    request_id: requestContext()?.requestId,
  };
}
