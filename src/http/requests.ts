import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import type { Log } from './log.ts';
import { withRequestContext } from './request-context.ts';

export type RequestEnd = { method: string; path: string; status: number; seconds: number };

/**
 * Gives every request an id, its peer's address and a memory of its own, and writes one line when it
 * is answered: by path, never with a query, a body or a cookie.
 */
export function requests(options: {
  log: Log;
  peer: (request: IncomingMessage) => string;
  onEnd: (end: RequestEnd) => void;
}): Middleware {
  return async (ctx, next) => {
    const started = performance.now();
    const path = withoutIds(ctx.path);
    const requestId = randomUUID();
    const address = options.peer(ctx.req);
    ctx.request.ip = address;
    ctx.set('x-request-id', requestId);
    ctx.res.once('close', () => {
      const end = {
        method: ctx.method,
        path,
        status: ctx.res.statusCode,
        seconds: (performance.now() - started) / 1000,
      };
      options.onEnd(end);
      options.log.info({ requestId, ...end, address }, 'request');
    });
    const context = {
      requestId,
      address,
      userAgent: ctx.get('user-agent').slice(0, 300),
      memory: new Map(),
    };
    await withRequestContext(context, next);
  };
}

/** An interaction's id is as good as a key to it, so it is left out of logs and metrics. */
function withoutIds(path: string): string {
  return path.replace(/^(\/interaction|\/oidc\/(?:auth|device))\/[^/]+/, '$1/:uid');
}
