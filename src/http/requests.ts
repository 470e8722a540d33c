import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import type { Log } from './log.ts';
import { loggedPath, matchedRoute } from './logged-path.ts';
import { withRequestContext } from './request-context.ts';

/** What machines ask every few seconds: of interest only when it goes wrong. */
const watched = new Set(['/health/live', '/health/ready', '/metrics']);

export type RequestEnd = {
  method: string;
  /** Pattern of what answered; undefined where nothing did. */
  route: string | undefined;
  status: number;
  seconds: number;
};

/**
 * Gives every request an id, its peer's address and a memory of its own, and writes one line when it
 * is answered: by route, never with a query, a body or a cookie.
 */
export function requests(options: {
  log: Log;
  peer: (request: IncomingMessage) => string;
  onEnd: (end: RequestEnd) => void;
}): Middleware {
  return async (ctx, next) => {
    const started = performance.now();
    const requestId = randomUUID();
    const address = options.peer(ctx.req);
    ctx.request.ip = address;
    ctx.set('x-request-id', requestId);
    ctx.res.once('close', () => {
      const end = {
        method: ctx.method,
        route: matchedRoute(ctx),
        status: ctx.res.statusCode,
        seconds: (performance.now() - started) / 1000,
      };
      options.onEnd(end);
      const { route, ...facts } = end;
      const level = watched.has(route ?? '') && end.status < 400 ? 'debug' : 'info';
      options.log[level]({ requestId, ...facts, path: loggedPath(ctx), address }, 'request');
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
