import type Router from '@koa/router';
import type { Queryable } from '../database/database.ts';
import { exactRouter } from '../http/exact-router.ts';
import { brandingCss } from './branding.ts';
import { tenantById } from './tenants.store.ts';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `/brand/<tenant>.<version>.css`: a tenant's colours as custom properties, nothing else. */
export function brandRoutes(db: Queryable): Router {
  const router = exactRouter();
  router.get('/brand/:file', async (ctx, next) => {
    const [id = '', version, extension] = (ctx.params.file ?? '').split('.');
    const tenant = extension === 'css' && uuid.test(id) ? await tenantById(db, id) : undefined;
    if (!tenant) return next();
    const current = tenant.updatedAt.getTime().toString(36) === version;
    ctx.type = 'css';
    ctx.set('cache-control', current ? 'public, max-age=31536000, immutable' : 'no-cache');
    ctx.body = brandingCss(tenant.branding);
  });
  return router;
}
