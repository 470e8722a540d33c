import type Router from '@koa/router';
import { exactRouter } from '../../http/exact-router.ts';
import {
  type BlueskyOptions,
  isConfidential,
  metadataPath,
  publishedMetadata,
} from './metadata.ts';

/** The document by which authorization servers know us; a loopback client has none. */
export function blueskyRoutes(options: BlueskyOptions): Router {
  const router = exactRouter();
  if (!isConfidential(options)) return router;
  router.get(metadataPath, (ctx) => {
    ctx.set('cache-control', 'public, max-age=600');
    ctx.body = publishedMetadata(options);
  });
  return router;
}
