import type Router from '@koa/router';
import Koa, { type Context } from 'koa';
import type { Config } from './config/config.ts';
import { allowedNetworks } from './console/allowed-networks.ts';
import type { AppError } from './errors.ts';
import { blueskyOptions } from './federation/atproto/options.ts';
import { blueskyRoutes } from './federation/atproto/routes.ts';
import { clientKeyRoutes } from './federation/client-key-routes.ts';
import { assetRoutes } from './http/assets.ts';
import { cookieSigner } from './http/cookies.ts';
import { answerErrors } from './http/errors.ts';
import { exactRouter } from './http/exact-router.ts';
import { healthRoutes } from './http/health.ts';
import { languageChoice } from './http/language-choice.ts';
import type { Log } from './http/log.ts';
import { atPublicOrigin, fixedOrigin } from './http/origin.ts';
import { peerAddress, warnOfForwarding } from './http/peer.ts';
import { requests } from './http/requests.ts';
import { keepOpener, securityHeaders } from './http/security-headers.ts';
import { tracedRequests } from './http/traced-requests.ts';
import { wellFormedTargets } from './http/well-formed.ts';
import { appserviceRoutes } from './matrix/appservice/routes.ts';
import { startMonitoring } from './monitoring.ts';
import { mountProvider } from './oidc/mount.ts';
import { accountRoutes } from './pages/account/routes.ts';
import { wellKnownRoutes } from './pages/account/well-known.ts';
import { handOffRoutes } from './pages/handoff/routes.ts';
import { homeRoutes } from './pages/home/routes.ts';
import { tryRoutes } from './pages/home/try.ts';
import { invitationRoutes } from './pages/invitation/routes.ts';
import type { PageDependencies } from './pages/needs.ts';
import { recoverRoutes } from './pages/recovery/routes.ts';
import { interactionRoutes } from './pages/sign-in/routes.ts';
import type { DefaultBrand } from './tenants/default-brand.ts';
import { brandRoutes } from './tenants/routes.ts';
import { tenantSlugByDomain } from './tenants/tenants.store.ts';

export type WebParts = PageDependencies & {
  config: Config;
  log: Log;
  isStopping: () => boolean;
  defaultBrand: DefaultBrand;
};

/** The HTTP side: what every request passes, in order, and who answers which URL. */
export function createWeb(parts: WebParts): Koa {
  const { config, log, database, fingerprints } = parts;
  const web = new Koa();
  web.keys = cookieSigner(fingerprints);
  web.silent = true;
  // `fixedOrigin` has replaced host and scheme by those of PUBLIC_URL: behind a proxy that ends TLS,
  // this is how Koa knows that secure cookies may be set.
  web.proxy = true;
  const monitoring = startMonitoring(parts);

  const peer = peerAddress(config.trustedProxies, warnOfForwarding(log));
  web.use(requests({ log, peer, onEnd: monitoring.onEnd }));
  web.use(securityHeaders({ https: parts.secureCookies }));
  web.use(answerErrors(log, (ctx, error) => showError(parts, ctx, error)));
  web.use(wellFormedTargets);
  // Infrastructure asks by whatever address it knows, and is told none: checks of health, and Synapse,
  // which proves itself by a token.
  web.use(healthRoutes(database, parts.isStopping).routes());
  if (monitoring.routes) web.use(monitoring.routes.routes());
  if (config.tracesUrl) web.use(tracedRequests());
  // A worker holds the token for Synapse: it answers those who watch it, and nobody else.
  if (config.role === 'worker') return web.use(onlyPublicOrigin(parts));
  const { hsToken, serverName, rooms } = config.matrix;
  const { botLocalpart } = rooms;
  web.use(appserviceRoutes({ database, hsToken, serverName, botLocalpart, log }).routes());
  web.use(onlyPublicOrigin(parts));
  web.use(languageChoice(parts.cookies, parts.secureCookies));
  web.use(mountProvider(parts).routes());
  web.use(assetRoutes().routes());
  web.use(clientKeyRoutes(parts).routes());
  const bluesky = blueskyOptions(config, parts);
  if (bluesky) web.use(blueskyRoutes(bluesky).routes());
  web.use(apiOnDemand('/internal', () => loadInternalApi(parts)).routes());
  if (config.console.on) {
    const onlyFrom = allowedNetworks(config.console.allowedNetworks);
    web.use(apiOnDemand('/admin/api/v1', () => loadAdminApi(parts), onlyFrom).routes());
  }
  web.use(brandRoutes(database).routes());
  web.use(interactionRoutes(parts, { port: config.port }).routes());
  web.use(accountRoutes(parts, { port: config.port }).routes());
  web.use(wellKnownRoutes(parts).routes());
  web.use(invitationRoutes(parts, { port: config.port }).routes());
  web.use(handOffRoutes(parts, { port: config.port }).routes());
  web.use(recoverRoutes(parts, { port: config.port }).routes());
  web.use(homeRoutes(parts, { tryUrl: config.production ? undefined : '/try' }).routes());
  if (!config.production) web.use(tryRoutes(parts).routes());
  return web;
}

function onlyPublicOrigin(parts: WebParts): Koa.Middleware {
  const { publicUrl, port } = parts.config;
  const onOtherHost = (ctx: Context, hostname: string) => redirectTenantHost(parts, ctx, hostname);
  return fixedOrigin({ publicUrl, port, onOtherHost });
}

/** Many deployments have nobody who ever asks: an API's schemas take memory only where one does. */
function apiOnDemand(
  base: string,
  load: () => Promise<Koa.Middleware>,
  ...before: Koa.Middleware[]
): Router {
  let loaded: Promise<Koa.Middleware> | undefined;
  const router = exactRouter(base);
  router.all('/{*rest}', ...before, async (ctx, next) => {
    loaded ??= load().catch((error) => {
      loaded = undefined;
      throw error;
    });
    // Routers hand on what they found in the path, and an API takes no name that it does not know.
    ctx.params = {};
    return (await loaded)(ctx, next);
  });
  return router;
}

async function loadInternalApi(parts: WebParts): Promise<Koa.Middleware> {
  const [{ serveApi }, { internalApi }, { internalRoutes }] = await Promise.all([
    import('./api/serve.ts'),
    import('./platform/internal-api.ts'),
    import('./platform/routes.ts'),
  ]);
  const api = internalApi(parts.database, internalRoutes(parts));
  return serveApi(parts, api).routes() as Koa.Middleware;
}

async function loadAdminApi(parts: WebParts): Promise<Koa.Middleware> {
  const [{ serveApi }, { adminApi }] = await Promise.all([
    import('./api/serve.ts'),
    import('./console/api/admin-api.ts'),
  ]);
  return serveApi(parts, adminApi(parts)).routes() as Koa.Middleware;
}

/** A tenant's own host leads to the one origin, where cookies and passkeys live. */
async function redirectTenantHost(
  { database, publicUrl }: WebParts,
  ctx: Context,
  hostname: string,
): Promise<boolean> {
  const slug = await tenantSlugByDomain(database, hostname);
  if (!slug || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return false;
  const target = atPublicOrigin(ctx, publicUrl);
  target.searchParams.set('tenant', slug);
  keepOpener(ctx);
  ctx.redirect(target.href);
  return true;
}

async function showError(parts: WebParts, ctx: Context, error: AppError): Promise<void> {
  const again = error.status === 503 && ctx.method === 'GET';
  const action = again
    ? { label: 'try_again', url: atPublicOrigin(ctx, parts.publicUrl).href }
    : { label: 'home', url: '/' };
  parts.pages.show(
    ctx,
    'error',
    { code: error.code, status: error.status, action },
    { tenant: await parts.defaultBrand.tenant(), status: error.status },
  );
}
