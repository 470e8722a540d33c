import type Router from '@koa/router';
import type { Context } from 'koa';
import { exactRouter } from '../../http/exact-router.ts';
import type { Pages } from '../../tenants/pages.ts';
import type { Tenant } from '../../tenants/tenant.entity.ts';
import { defaultTenant, tenantByName } from '../../tenants/tenants.store.ts';
import { type PersonParts, personOf } from '../account/person.ts';

type HomeParts = PersonParts & { pages: Pages };

/** What may just have been done. */
const notices = ['account_deleted', 'accounts_merged'] as const;

/**
 * `/`: who is signed in, and the way to the account.
 *
 * @param options `tryUrl` is shown in development
 */
export function homeRoutes(parts: HomeParts, { tryUrl }: { tryUrl?: string }): Router {
  const router = exactRouter();
  router.get('/', async (ctx) => {
    const named = await namedTenant(ctx, parts);
    const person = await personOf(ctx, parts);
    const known = person && (!named || named.id === person.tenant.id) ? person : undefined;
    const tenant = named ?? person?.tenant ?? ((await defaultTenant(parts.database)) as Tenant);
    parts.pages.show(
      ctx,
      'home',
      {
        account: known && { name: known.account.name, handle: known.account.handle },
        accountUrl: named ? `/account?tenant=${encodeURIComponent(named.slug)}` : '/account',
        tryUrl,
        notice: notices.find((notice) => notice === ctx.query.notice),
      },
      { tenant },
    );
  });
  return router;
}

async function namedTenant({ query }: Context, { database }: HomeParts) {
  if (typeof query.tenant !== 'string' || !query.tenant) return undefined;
  const tenant = await tenantByName(database, query.tenant);
  return tenant?.status === 'active' ? tenant : undefined;
}
