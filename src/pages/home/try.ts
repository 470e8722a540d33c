import { createHash, randomBytes } from 'node:crypto';
import type Router from '@koa/router';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Pages as PageData } from '../../../views/registry.ts';
import { tryClientId } from '../../clients/own-clients.ts';
import type { Database } from '../../database/database.ts';
import { exactRouter } from '../../http/exact-router.ts';
import { SealedCookie, type SealedCookieParts } from '../../http/sealed-cookie.ts';
import { lifetimes } from '../../oidc/lifetimes.ts';
import type { Pages } from '../../tenants/pages.ts';
import type { Tenant } from '../../tenants/tenant.entity.ts';
import { defaultTenant } from '../../tenants/tenants.store.ts';

type TryParts = SealedCookieParts & { database: Database; pages: Pages; publicUrl: string };
type Result = Omit<PageData['try'], 'startUrl'>;

const attempt = new SealedCookie({
  name: 'try',
  seconds: 3600,
  schema: z.object({ state: z.string(), nonce: z.string(), verifier: z.string() }),
});

const tokens = z.object({
  id_token: z.string(),
  expires_in: z.number(),
  refresh_token: z.string().optional(),
});
const refusal = z.object({ error: z.string(), error_description: z.string().optional() });

/**
 * `/try`, in development only: an application that signs a person in over HTTP, as any other would,
 * and shows what it is told.
 */
export function tryRoutes(parts: TryParts): Router {
  const router = exactRouter();
  router.get('/try', (ctx) => show(ctx, parts, {}));
  router.get('/try/start', (ctx) => start(ctx, parts));
  router.get('/try/callback', async (ctx) => {
    const { state, ...checks } = attempt.read(ctx, parts) ?? {};
    attempt.clear(ctx, parts);
    // A reload of the last page, or an answer that nobody asked for.
    if (!state || ctx.query.state !== state) {
      ctx.status = 303;
      return ctx.redirect('/try');
    }
    const error = refusal.safeParse(ctx.query);
    await show(ctx, parts, error.success ? refused(error.data) : await redeem(ctx, parts, checks));
  });
  return router;
}

async function show(ctx: Context, { database, pages }: TryParts, result: Result): Promise<void> {
  const tenant = (await defaultTenant(database)) as Tenant;
  pages.show(ctx, 'try', { startUrl: '/try/start', ...result }, { tenant });
}

function start(ctx: Context, parts: TryParts): void {
  const facts = { state: random(), nonce: random(), verifier: random() };
  attempt.write(ctx, parts, facts);
  const query = new URLSearchParams({
    client_id: tryClientId,
    response_type: 'code',
    redirect_uri: `${parts.publicUrl}/try/callback`,
    scope: 'openid profile email tenant offline_access',
    // Without it `offline_access` is ignored (OIDC Core 11).
    prompt: 'consent',
    state: facts.state,
    nonce: facts.nonce,
    code_challenge: createHash('sha256').update(facts.verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  ctx.status = 303;
  ctx.redirect(`/oidc/auth?${query}`);
}

async function redeem(
  { query }: Context,
  { publicUrl }: TryParts,
  { verifier = '', nonce }: { verifier?: string; nonce?: string },
): Promise<Result> {
  const issuer = `${publicUrl}/oidc`;
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: tryClientId,
      redirect_uri: `${publicUrl}/try/callback`,
      code: String(query.code),
      code_verifier: verifier,
    }),
  });
  const body: unknown = await answer.json();
  if (!answer.ok) return refused(refusal.parse(body));
  const given = tokens.parse(body);
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const { payload } = await jwtVerify(given.id_token, keys, { issuer, audience: tryClientId });
  if (payload.nonce !== nonce) return refused({ error: 'nonce_mismatch' });
  return {
    claims: payload,
    lifetimes: {
      access_token: given.expires_in,
      id_token: Number(payload.exp) - Number(payload.iat),
      ...(given.refresh_token ? { refresh_token: lifetimes.RefreshToken } : undefined),
    },
  };
}

function refused({ error, error_description: description }: z.infer<typeof refusal>): Result {
  return { error: { code: error, description } };
}

function random(): string {
  return randomBytes(32).toString('base64url');
}
