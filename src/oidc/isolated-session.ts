import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { permit } from '../handoff/permit.ts';
import type { CookieNames } from '../http/cookies.ts';
import { remember, remembered } from '../http/request-cache.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { authorizationUrl } from './authorization-url.ts';
import { synapseParameters } from './synapse-parameters.ts';

/** What asks for more than that somebody is there: a proof, a choice, a certain account. */
const wantsMore = [
  'prompt',
  'max_age',
  'acr_values',
  'claims',
  'id_token_hint',
  'request',
  'request_uri',
  synapseParameters.session,
];

/** The one page of an interaction that is served to an isolated session. */
export const handedOverPath = 'handed-over';

type Parts = { ring: KeyRing; secureCookies: boolean };

/** Whether this browser holds leave to go on at the client that asks, for no more than that. */
export function isForHandOff(ctx: Context, parts: Parts): boolean {
  const facts = permit.read(ctx, parts);
  return (
    facts?.browser !== undefined &&
    facts.clientId === ctx.query.client_id &&
    wantsMore.every((name) => ctx.query[name] === undefined)
  );
}

/**
 * Isolates this request from the browser's session: the provider sees no session, and the browser
 * never gets the one that results. So a hand-off signs in nowhere else, proves nothing later, and
 * whoever is signed in stays so.
 */
export function isolateRequest(request: IncomingMessage, session: string): void {
  remember('Isolated', 'session', true);
  const pairs = (request.headers.cookie ?? '').split(/; */);
  request.headers.cookie = pairs.filter((pair) => !isOf(session, pair)).join('; ');
}

export function isIsolated(): boolean {
  return remembered('Isolated', 'session') === true;
}

/** The other half of `isolateRequest`: what the provider answers. */
export function isolateSessions(provider: Provider, { session }: CookieNames): void {
  provider.use(async (ctx, next) => {
    await next();
    if (!isIsolated()) return;
    const kept = [ctx.response.get('set-cookie') ?? []].flat().filter((it) => !isOf(session, it));
    ctx.remove('set-cookie');
    if (kept.length > 0) ctx.set('set-cookie', kept);
    await startAnew(ctx as unknown as KoaContextWithOIDC);
  });
}

/** Of whom there is more to ask than a hand-off can answer, the sign-in is asked like of anybody. */
async function startAnew({ oidc, response }: KoaContextWithOIDC): Promise<void> {
  if (oidc?.route !== 'resume') return;
  const location: string | undefined = response.get('location');
  if (!location?.startsWith('/interaction/')) return;
  await oidc.session?.destroy();
  response.redirect(authorizationUrl(oidc.params ?? {}));
}

function isOf(cookie: string, pair: string): boolean {
  return pair.startsWith(`${cookie}=`) || pair.startsWith(`${cookie}.sig=`);
}
