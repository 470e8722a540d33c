import type { IncomingMessage } from 'node:http';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { AppError } from '../errors.ts';
import { bringsCookies } from '../http/cookies.ts';
import { exactRouter } from '../http/exact-router.ts';
import { readForm } from '../http/forms.ts';
import { addressKey, type RateLimits } from '../http/rate-limits.ts';
import { keepOpener } from '../http/security-headers.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { isOf } from './bound-interactions.ts';
import { type BrowserParts, knownBrowser } from './browser.ts';
import type { CurrentProvider } from './current-provider.ts';
import { isForHandOff, isolateRequest } from './isolated-session.ts';
import { mountPath, type ProviderRoute, providerRoutes } from './provider-routes.ts';
import { refuseRegistration, registrationPath } from './registration.ts';

/** RFC 8628 §5.1: a user code is short, so guesses are few. */
const userCodeGuesses = { name: 'user-code/network', limit: 30, seconds: 900 };

type MountParts = BrowserParts & {
  current: CurrentProvider;
  rateLimits: RateLimits;
  ring: KeyRing;
};

/**
 * The provider, by the table of its own routes: what is not spelled like one of them never reaches it,
 * and what a route is guarded by hangs on its entry in the table, not on another look at the path.
 */
export function mountProvider(parts: MountParts): Router {
  const router = exactRouter();
  const { authorization, code_verification, ...others } = providerRoutes(parts.current.provider);
  const serve = (route: ProviderRoute, act = handOver) => {
    for (const path of route.paths) {
      router.register(path, [...route.methods], (ctx) => act(ctx, parts, route));
    }
  };
  serve(authorization, async (ctx, parts, route) => {
    if (isForHandOff(ctx, parts)) isolateRequest(ctx.req, parts.cookies.session);
    await handOver(ctx, parts, route);
  });
  serve({ ...authorization, methods: ['POST'] }, authorizeByGet);
  serve(code_verification);
  serve({ ...code_verification, methods: ['POST'] }, verifyUserCode);
  router.post(`${mountPath}${registrationPath}`, refuseRegistration);
  for (const route of Object.values(others)) serve(route, route.resumes ? resume : handOver);
  return router;
}

/** Passes the request on, in the spelling that the library itself has for it. */
async function handOver(ctx: Context, { current }: MountParts, route: ProviderRoute) {
  const below = route.below(ctx.params);
  const request = ctx.req as IncomingMessage & { originalUrl?: string };
  request.originalUrl = `${mountPath}${below}${ctx.search}`;
  request.url = `${below}${ctx.search}`;
  ctx.respond = false;
  await current.handle(request, ctx.res);
}

/**
 * Whose sign-in this is, `bindInteractions` asks once more where the library loads it. Refused here,
 * because the library answers nobody's way back of a device by a fault of its own.
 *
 * @throws AppError `sign_in_expired`, `cookies_off` (400)
 */
async function resume(ctx: Context, parts: MountParts, route: ProviderRoute): Promise<void> {
  const interaction = await parts.current.provider.Interaction.find(ctx.params.uid);
  if (!interaction || !isOf(interaction, knownBrowser(ctx, parts))) {
    throw new AppError(bringsCookies(ctx) ? 'sign_in_expired' : 'cookies_off');
  }
  if (interaction.result?.handoff === true) isolateRequest(ctx.req, parts.cookies.session);
  await handOver(ctx, parts, route);
}

/**
 * OIDC Core 3.1.2.1 lets a client post its request. Our cookies are `SameSite=Lax` and do not come
 * with another site's form, so it goes on as the GET that it could have been.
 */
async function authorizeByGet(ctx: Context): Promise<void> {
  const query = new URLSearchParams(await readForm(ctx));
  keepOpener(ctx);
  seeOther(ctx, `${mountPath}/auth?${query}`);
}

async function verifyUserCode(ctx: Context, parts: MountParts, route: ProviderRoute) {
  if (!bringsCookies(ctx)) throw new AppError('cookies_off');
  // Without its session the library could not even say what is wrong.
  if (!ctx.cookies.get(parts.cookies.session)) return seeOther(ctx, `${mountPath}/device`);
  await countUserCode(ctx, parts);
  await handOver(ctx, parts, route);
}

function seeOther(ctx: Context, url: string): void {
  ctx.status = 303;
  ctx.redirect(url);
}

/** @throws AppError `too_many_attempts` (429) */
async function countUserCode(ctx: Context, { rateLimits }: MountParts): Promise<void> {
  const limit = await rateLimits.take([{ ...userCodeGuesses, key: addressKey(ctx.ip) }]);
  if (limit.allowed) return;
  const details = { retryAt: limit.retryAt.toISOString() };
  throw new AppError('too_many_attempts', { details });
}
