import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { retryAfter } from '../database/away.ts';
import { AppError } from '../errors.ts';
import type { ProviderPages } from './features.ts';

/** What the library tells of by events of these names. */
const endpoints = [
  'authorization',
  'pushed_authorization_request',
  'grant',
  'userinfo',
  'introspection',
  'revocation',
  'device_authorization',
  'code_verification',
  'device_resume',
  'end_session',
  'end_session_confirm',
  'jwks',
  'discovery',
] as const;

/** Calls back with every error that the library answered at one of its endpoints. */
export function onRefusal(
  provider: Provider,
  hear: (ctx: KoaContextWithOIDC, error: Error) => void,
): void {
  const events = provider as { on(event: string, listener: typeof hear): unknown };
  for (const endpoint of endpoints) events.on(`${endpoint}.error`, hear);
}

/** Faults of ours that the library answers, and those that it does not know what to do with. */
export function onFault(provider: Provider, hear: (error: unknown, doing: string) => void): void {
  provider.on('server_error', (_ctx, error) => hear(error, 'server_error'));
  onRefusal(provider, (_ctx, error) => {
    if (error instanceof AppError) hear(error, error.code);
  });
}

/**
 * To be used before all else of the provider: what fails outside of the library's own handlers is
 * answered by our page, or by JSON, instead of Koa's bare words; and 503 always says when to come back.
 */
export function answerFaults(provider: Provider, pages: Pick<ProviderPages, 'error'>): void {
  provider.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { status = 500 } = error as { status?: number };
      if (status < 500) throw error;
      ctx.status = status;
      provider.emit('server_error', ctx as never, error as Error);
      const out = { error: error instanceof AppError ? error.code : 'server_error' };
      if (ctx.accepts('json', 'html') === 'json') ctx.body = out;
      else await pages.error(ctx as unknown as KoaContextWithOIDC, out, error as Error);
    }
    if (ctx.status === 503) ctx.set('retry-after', `${retryAfter}`);
  });
}
