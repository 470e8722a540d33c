import type Router from '@koa/router';
import type { Queryable } from '../database/database.ts';
import { exactRouter } from './exact-router.ts';
import { isReachable } from './health.store.ts';

/**
 * `/health/live` says that the process serves, `/health/ready` that it can also reach its database.
 * A load balancer asks the second one; nothing in the answers is worth hiding.
 */
export function healthRoutes(db: Queryable, isStopping: () => boolean): Router {
  const router = exactRouter();
  router.get('/health/live', (ctx) => {
    ctx.body = { status: 'live' };
  });
  router.get('/health/ready', async (ctx) => {
    const ready = !isStopping() && (await isReachable(db));
    ctx.status = ready ? 200 : 503;
    ctx.body = { status: ready ? 'ready' : isStopping() ? 'stopping' : 'database unreachable' };
  });
  return router;
}
