import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { exactRouter } from '../http/exact-router.ts';
import { readJson, validate } from '../http/forms.ts';
import type { RateLimits } from '../http/rate-limits.ts';
import type { CurrentProvider } from '../oidc/current-provider.ts';
import { tenantOfRequest } from '../platform/tenant.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { authenticate } from './caller.ts';
import { onceForKey } from './idempotency.ts';
import { openApiDocument } from './openapi.ts';
import { type Call, type InternalRoute, tenantQuery } from './route.ts';

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
  const router = exactRouter('/internal');
  let document: string | undefined;
  router.get('/openapi.json', (ctx) => {
    document ??= JSON.stringify(openApiDocument(parts.publicUrl, routes));
    ctx.type = 'json';
    ctx.body = document;
  });
  for (const route of routes) {
    router[route.method](patternOf(route), (ctx) => serve(ctx, parts, route));
  }
  for (const [pattern, sharing] of Map.groupBy(routes, patternOf)) {
    router.all(pattern, (ctx) => refuseMethod(ctx, sharing));
  }
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
  throw new AppError('too_many_attempts', { details: { retryAt: taken.retryAt.toISOString() } });
}

function patternOf({ path }: InternalRoute): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

/** RFC 9110 §15.5.6 for a path that exists with other methods. */
function refuseMethod(ctx: Context, routes: readonly InternalRoute[]): never {
  ctx.set('allow', routes.map(({ method }) => method.toUpperCase()).join(', '));
  throw new AppError('method_not_allowed');
}
