import type Router from '@koa/router';
import type { Context } from 'koa';
import { AppError } from '../../errors.ts';
import type { UpstreamIdentity } from '../../federation/connector.ts';
import type { RedeemedRequest } from '../../federation/requests.ts';
import { withoutCookie } from '../../http/cookies.ts';
import { keepOpener } from '../../http/security-headers.ts';
import { browserOf } from '../../oidc/browser.ts';
import { tenantById } from '../../tenants/tenants.store.ts';
import { type Linking, linkFromAccount } from '../account/link-identity.ts';
import type { Needs } from '../needs.ts';
import { chooseTenant } from './sign-ins.store.ts';
import { callbackUri } from './upstream.ts';
import { keepFacts } from './upstream-person.ts';
import { isProblem, problemUrl, recordFailure } from './upstream-problem.ts';

type CallbackParts = Linking &
  Needs<'log' | 'publicUrl' | 'ring' | 'secureCookies' | 'upstreamRequests'>;

/** Where every other provider sends people back to. */
export function addCallback(router: Router, parts: CallbackParts): void {
  router.get('/callback/:connection', async (ctx) => {
    ctx.set('cache-control', 'no-store');
    ctx.status = 303;
    ctx.redirect(await comeBack(ctx, parts, ctx.params.connection as string));
  });
}

/**
 * The request is used up before anything else, so that an answer counts once. What was learned is
 * kept with the sign-in, whose own page goes on: it knows the interaction by a cookie that does not
 * come here. Whoever dies in between leaves a sign-in that can be started again.
 *
 * @throws AppError `sign_in_expired` (400) for an answer that this browser did not ask for
 */
async function comeBack(ctx: Context, parts: CallbackParts, connection: string) {
  const { state } = ctx.query;
  const browser = browserOf(ctx, parts);
  if (typeof state !== 'string') throw new AppError('sign_in_expired');
  const answer = { state, browser, connection };
  const request = await parts.upstreamRequests.redeem(parts.database, answer);
  if (!request) throw withoutCookie(ctx, 'sign_in_expired');
  if (request.purpose === 'sign-in') keepOpener(ctx);
  try {
    const identity = await identify(ctx, parts, { ...request, state });
    if (request.purpose === 'link') return await linkFromAccount(ctx, parts, request, identity);
    if (!request.signInId) throw new AppError('sign_in_expired');
    // Back to the community that the person left from, whatever another tab has chosen since.
    if (request.tenantId) await chooseTenant(parts.database, request.signInId, request.tenantId);
    await keepFacts(parts.database, parts.ring, request.signInId, { identity });
    return `${request.returnTo}/arrived`;
  } catch (error) {
    if (!isProblem(error)) throw error;
    await recordFailure(parts, request, error);
    return problemUrl(request.returnTo, connection, error);
  }
}

async function identify(
  ctx: Context,
  parts: Needs<'connectors' | 'database' | 'publicUrl'>,
  request: RedeemedRequest & { state: string },
): Promise<UpstreamIdentity> {
  const { connection, tenantId, state, nonce, codeVerifier } = request;
  const tenant = tenantId ? await tenantById(parts.database, tenantId) : undefined;
  const connector = await parts.connectors.find(tenant, connection);
  if (!connector) throw new AppError('upstream_failed', { message: 'The way was taken away.' });
  const redirectUri = callbackUri({ parts }, connection);
  const identity = await connector.finish(new URL(`${redirectUri}${ctx.search}`), {
    state,
    nonce,
    codeVerifier,
    redirectUri,
  });
  if (identity.connection !== connection) throw new AppError('upstream_failed');
  return identity;
}
