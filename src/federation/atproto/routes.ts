import Router from '@koa/router';
import {
  type BlueskyOptions,
  isConfidential,
  jwksPath,
  metadataPath,
  publicKeys,
  publishedMetadata,
} from './metadata.ts';

/** Short against the day that a new key is published before it signs. */
const cacheControl = 'public, max-age=600';

/** The documents by which authorization servers know us; a loopback client has none. */
export function blueskyRoutes(options: BlueskyOptions): Router {
  const router = new Router();
  if (!isConfidential(options)) return router;
  router.get(metadataPath, (ctx) => {
    ctx.set('cache-control', cacheControl);
    ctx.body = publishedMetadata(options);
  });
  router.get(jwksPath, async (ctx) => {
    ctx.set('cache-control', cacheControl);
    ctx.body = { keys: await publicKeys(options) };
  });
  return router;
}
