import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Client } from '../clients/clients.store.ts';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { exactRouter } from '../http/exact-router.ts';
import { readJson, validate } from '../http/forms.ts';
import type { RateLimits } from '../http/rate-limits.ts';
import type { CurrentProvider } from '../oidc/current-provider.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import type { Api } from './api.ts';
import { authenticate } from './caller.ts';
import { onceForKey } from './idempotency.ts';
import { openApiDocument } from './openapi.ts';
import type { Route } from './route.ts';

export type ApiParts = {
  current: CurrentProvider;
  database: Queryable;
  fingerprints: Fingerprints;
  ring: KeyRing;
  rateLimits: RateLimits;
  publicUrl: string;
};

const nothing = z.strictObject({});

/** Made from its table: every route passes the same checks in the same order. */
export function serveApi<Caller extends object, Kind extends Route<Caller>>(
  parts: ApiParts,
  api: Api<Caller, Kind>,
): Router {
  const router = exactRouter(api.base);
  let document: string | undefined;
  router.get('/openapi.json', (ctx) => {
    document ??= JSON.stringify(openApiDocument(parts.publicUrl, api));
    ctx.type = 'json';
    ctx.body = document;
  });
  for (const route of api.routes) {
    router[route.method](patternOf(route), (ctx) => serve(ctx, parts, api, route));
  }
  for (const [pattern, sharing] of Map.groupBy(api.routes, patternOf)) {
    router.all(pattern, (ctx) => refuseMethod(ctx, sharing));
  }
  return router;
}

async function serve<Caller extends object, Kind extends Route<Caller>>(
  ctx: Context & { params: Record<string, string> },
  parts: ApiParts,
  api: Api<Caller, Kind>,
  route: Kind,
): Promise<void> {
  ctx.set('cache-control', 'no-store');
  const client = await authenticate(ctx, parts, { api: api.base, scope: route.scope });
  await spend(parts.rateLimits, { name: `${api.base.slice(1)}/${route.operation}`, route, client });
  const [shared, filters] = split(ctx.query, api.query);
  const said = validate(api.query, shared) as Record<string, string | undefined>;
  const params = validate(route.params ?? nothing, ctx.params);
  const query = validate(route.query ?? nothing, filters);
  const body = route.body ? await readJson(ctx, route.body, route.bodyLimit) : {};
  const caller = await api.admit(client, route, { query: said, body });
  // Only what the schema names goes out, whatever the handler had in hand.
  const answer = async () =>
    route.answer.schema.parse(await route.handle({ ...caller, ctx, params, query, body }));
  const keyed = api.keyed(caller);
  // How long somebody waits for a write does not make it another one.
  const request = [keyed.request, params, { ...query, wait: undefined }, body];
  const scope = [client.id, keyed.about, route.operation];
  ctx.body =
    route.method === 'get'
      ? await answer()
      : await onceForKey(ctx, parts, { scope, request }, answer);
  ctx.status = route.answer.status;
}

/** The parameters that are every route's, and all others. */
function split(query: Context['query'], shared: z.ZodObject): [object, object] {
  const isShared = ([name]: [string, unknown]) => Object.hasOwn(shared.shape, name);
  const all = Object.entries(query);
  return [
    Object.fromEntries(all.filter(isShared)),
    Object.fromEntries(all.filter((one) => !isShared(one))),
  ];
}

async function spend(
  limits: RateLimits,
  { name, route, client }: { name: string; route: Pick<Route<never>, 'budget'>; client: Client },
): Promise<void> {
  if (!route.budget) return;
  const taken = await limits.take([{ name, key: client.id, ...route.budget }]);
  if (taken.allowed) return;
  throw new AppError('too_many_attempts', { details: { retryAt: taken.retryAt.toISOString() } });
}

function patternOf({ path }: { path: string }): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

/** RFC 9110 §15.5.6 for a path that exists with other methods. */
function refuseMethod(ctx: Context, routes: readonly { method: string }[]): never {
  ctx.set('allow', routes.map(({ method }) => method.toUpperCase()).join(', '));
  throw new AppError('method_not_allowed');
}
