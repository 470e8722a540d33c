import type Router from '@koa/router';
import { exactRouter } from '../http/exact-router.ts';
import { jwksPath, publicKeys } from './client-keys.ts';

/** Short against the day that a new key is published before it signs. */
const cacheControl = 'public, max-age=600';

/** The keys by which other providers know us (`jwks_uri`). */
export function clientKeyRoutes(parts: Parameters<typeof publicKeys>[0]): Router {
  const router = exactRouter();
  router.get(jwksPath, async (ctx) => {
    ctx.set('cache-control', cacheControl);
    ctx.body = { keys: await publicKeys(parts) };
  });
  return router;
}
