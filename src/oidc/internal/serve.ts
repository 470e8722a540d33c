import Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Queryable } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import { readJson, validate } from '../../http/forms.ts';
import type { RateLimits } from '../../http/rate-limits.ts';
import type { Fingerprints } from '../../secrets/fingerprints.ts';
import type { KeyRing } from '../../secrets/keyring.ts';
import type { CurrentProvider } from '../current-provider.ts';
import { authenticate } from './caller.ts';
import { onceForKey } from './idempotency.ts';
import { openApiDocument } from './openapi.ts';
import { type Call, type InternalRoute, tenantQuery } from './route.ts';
import { tenantOfRequest } from './tenant.ts';

export type InternalApiParts = {
  current: CurrentProvider;
  database: Queryable;
  fingerprints: Fingerprints;
  ring: KeyRing;
  rateLimits: RateLimits;
  publicUrl: string;
};

const nothing = z.strictObject({});

/** `/internal`, made from the table: every route passes the same checks in the same order. */
export function internalApi(parts: InternalApiParts, routes: readonly InternalRoute[]): Router {
  const router = new Router({ prefix: '/internal' });
  let document: string | undefined;
  router.get('/openapi.json', (ctx) => {
    document ??= JSON.stringify(openApiDocument(parts.publicUrl, routes));
    ctx.type = 'json';
    ctx.body = document;
  });
  for (const route of routes) {
    router[route.method](route.path.replace(/\{(\w+)\}/g, ':$1'), (ctx) =>
      serve(ctx, parts, route),
    );
  }
  router.all('/{*rest}', (ctx) => refuseOther(ctx, routes));
  return router;
}

async function serve(
  ctx: Context & { params: Record<string, string> },
  parts: InternalApiParts,
  route: InternalRoute,
): Promise<void> {
  ctx.set('cache-control', 'no-store');
  const client = await authenticate(ctx, parts, route.scope);
  await spend(parts.rateLimits, route, client.id);
  const { tenant, tenantId: queried, ...filters } = ctx.query;
  const named = validate(tenantQuery, { tenant, tenantId: queried });
  const params = validate(route.params ?? nothing, ctx.params);
  const query = validate(route.query ?? nothing, filters);
  const body = route.body ? await readJson(ctx, route.body, route.bodyLimit) : {};
  const tenants = [named.tenant, named.tenantId, (body as { tenantId?: string }).tenantId];
  const tenantId = route.tenantOfParts
    ? ''
    : await tenantOfRequest(parts.database, client, tenants);
  const call = { ctx, client, tenantId, named: tenants, params, query, body };
  // Only what the schema names goes out, whatever the handler had in hand.
  const answer = async () => route.answer.schema.parse(await route.handle(call));
  ctx.body = route.method === 'get' ? await answer() : await once(call, parts, route, answer);
  ctx.status = route.answer.status;
}

/** How long somebody waits for a write does not make it another one. */
function once(
  { ctx, client, tenantId, named, params, query, body }: Call<object, object, unknown>,
  parts: InternalApiParts,
  { operation }: InternalRoute,
  answer: () => Promise<unknown>,
): Promise<unknown> {
  const filters = { ...query, wait: undefined };
  const request = [named, params, filters, body];
  return onceForKey(ctx, parts, { scope: [client.id, tenantId, operation], request }, answer);
}

async function spend(limits: RateLimits, route: InternalRoute, clientId: string): Promise<void> {
  if (!route.budget) return;
  const attempt = { name: `internal/${route.operation}`, key: clientId, ...route.budget };
  const taken = await limits.take([attempt]);
  if (taken.allowed) return;
  throw new AppError('too_many_attempts', {
    status: 429,
    details: { retryAt: taken.retryAt.toISOString() },
  });
}

/** RFC 9110 §15.5.6 for a path that exists with other methods. */
function refuseOther(ctx: Context, routes: readonly InternalRoute[]): never {
  const below = ctx.path.slice('/internal'.length);
  const allowed = routes
    .filter(({ path }) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(below))
    .map(({ method }) => method.toUpperCase());
  if (allowed.length === 0) throw new AppError('not_found', { status: 404 });
  ctx.set('allow', allowed.join(', '));
  throw new AppError('method_not_allowed', { status: 405 });
}
