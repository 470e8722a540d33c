import type { Middleware } from 'koa';
import { startSpan } from '../tracing/span.ts';
import { matchedRoute } from './logged-path.ts';
import { requestContext } from './request-context.ts';

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * A span for each request, until its answer is sent, named by the route that answers: a path may hold
 * ids that are as good as keys, a query what people typed.
 */
export function tracedRequests(): Middleware {
  return (ctx, next) => {
    const method = methods.has(ctx.method) ? ctx.method : '_OTHER';
    const requestId = requestContext()?.requestId ?? '';
    const span = startSpan({
      name: method,
      kind: 'server',
      attributes: { 'http.request.method': method, 'openmeet.request_id': requestId },
      askedBy: ctx.get('traceparent'),
    });
    if (!span) return next();
    ctx.res.once('close', () => {
      const route = matchedRoute(ctx);
      const status = ctx.res.statusCode;
      span.end({
        name: route && `${method} ${route}`,
        attributes: {
          'http.response.status_code': status,
          ...(route && { 'http.route': route }),
        },
        failure: status >= 500 ? `${status}` : undefined,
      });
    });
    return span.around(next);
  };
}
