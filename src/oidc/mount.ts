import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { readForm } from '../http/forms.ts';
import type { CurrentProvider } from './current-provider.ts';

const mountPath = '/oidc';
const metadataPath = '/.well-known/oauth-authorization-server';

/**
 * Hands everything below the issuer to the provider. RFC 8414 §3.1 wants the metadata of an issuer
 * with a path at the root of the host, so it is served there too.
 */
export function mountProvider(current: CurrentProvider): Middleware {
  return async (ctx, next) => {
    const below = pathBelowIssuer(ctx.path);
    if (below === undefined) return next();
    if (below === '/auth' && ctx.method === 'POST') return authorizeByGet(ctx);
    const request = ctx.req as IncomingMessage & { originalUrl?: string };
    request.originalUrl = `${mountPath}${below}${ctx.search}`;
    request.url = `${below}${ctx.search}`;
    ctx.respond = false;
    await current.handle(request, ctx.res);
  };
}

/**
 * OIDC Core 3.1.2.1 lets a client post its request. Our cookies are `SameSite=Lax` and do not come
 * with another site's form, so it goes on as the GET that it could have been.
 */
async function authorizeByGet(ctx: Context): Promise<void> {
  const query = new URLSearchParams(await readForm(ctx));
  ctx.status = 303;
  ctx.redirect(`${mountPath}/auth?${query}`);
}

function pathBelowIssuer(path: string): string | undefined {
  if (path === `${metadataPath}${mountPath}`) return metadataPath;
  return path.startsWith(`${mountPath}/`) ? path.slice(mountPath.length) : undefined;
}
