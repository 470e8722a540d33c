import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { AppError } from '../errors.ts';
import { readForm } from '../http/forms.ts';
import { addressKey } from '../http/rate-limits.ts';
import { isForHandOff, serveApart } from './handoff/apart.ts';
import type { InteractionParts } from './interaction/parts.ts';
import { browserOf } from './interaction/step.ts';

const mountPath = '/oidc';
/** Where the pages of a sign-in, or of a device's, return to when they are done. */
const wayBack = /^\/(auth|device)\/(?!auth$)/;
const metadataPath = '/.well-known/oauth-authorization-server';

/** RFC 8628 §5.1: a user code is short, so guesses are few. */
const userCodeGuesses = { name: 'user-code/network', limit: 30, seconds: 900 };

/** What our pages add to the result of an interaction. */
type Result = { browser?: string; handoff?: boolean };

type MountParts = Pick<
  InteractionParts,
  'current' | 'cookies' | 'secureCookies' | 'fingerprints' | 'rateLimits' | 'ring'
>;

/**
 * Hands everything below the issuer to the provider. RFC 8414 §3.1 wants the metadata of an issuer
 * with a path at the root of the host, so it is served there too.
 */
export function mountProvider(parts: MountParts): Middleware {
  return async (ctx, next) => {
    const below = pathBelowIssuer(ctx.path);
    if (below === undefined) return next();
    if (below === '/auth' && ctx.method === 'POST') return authorizeByGet(ctx);
    if (below === '/device' && ctx.method === 'POST') {
      // Without its session the library could not even say what is wrong.
      if (!ctx.cookies.get(parts.cookies.session)) return seeOther(ctx, `${mountPath}/device`);
      await countUserCode(ctx, parts);
    }
    const handedOver = wayBack.test(below)
      ? (await resultOf(ctx, parts))?.handoff === true
      : below === '/auth' && isForHandOff(ctx, parts);
    if (handedOver) serveApart(ctx.req, parts.cookies.session);
    const request = ctx.req as IncomingMessage & { originalUrl?: string };
    request.originalUrl = `${mountPath}${below}${ctx.search}`;
    request.url = `${below}${ctx.search}`;
    ctx.respond = false;
    await parts.current.handle(request, ctx.res);
  };
}

/**
 * OIDC Core 3.1.2.1 lets a client post its request. Our cookies are `SameSite=Lax` and do not come
 * with another site's form, so it goes on as the GET that it could have been.
 */
async function authorizeByGet(ctx: Context): Promise<void> {
  const query = new URLSearchParams(await readForm(ctx));
  seeOther(ctx, `${mountPath}/auth?${query}`);
}

function seeOther(ctx: Context, url: string): void {
  ctx.status = 303;
  ctx.redirect(url);
}

/**
 * How the sign-in ended from which a browser comes back; that must be the one that signed in. The
 * library knows it by a cookie bound to a path, which a neighbouring host could plant with a finished
 * sign-in of its own: login CSRF.
 *
 * @throws AppError `sign_in_expired` (400)
 */
async function resultOf(ctx: Context, parts: MountParts): Promise<Result | undefined> {
  const { provider } = parts.current;
  const uid = ctx.cookies.get(provider.cookieName('resume'), { signed: true });
  const interaction = uid ? await provider.Interaction.find(uid) : undefined;
  const result = interaction?.result as Result | undefined;
  if (result && result.browser !== browserOf(ctx, parts)) throw new AppError('sign_in_expired');
  return result;
}

/** @throws AppError `too_many_attempts` (429) */
async function countUserCode(ctx: Context, { rateLimits }: MountParts): Promise<void> {
  const limit = await rateLimits.take([{ ...userCodeGuesses, key: addressKey(ctx.ip) }]);
  if (limit.allowed) return;
  const details = { retryAt: limit.retryAt.toISOString() };
  throw new AppError('too_many_attempts', { status: 429, details });
}

function pathBelowIssuer(path: string): string | undefined {
  if (path === `${metadataPath}${mountPath}`) return metadataPath;
  return path.startsWith(`${mountPath}/`) ? path.slice(mountPath.length) : undefined;
}
