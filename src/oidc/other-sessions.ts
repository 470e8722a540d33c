import type { Context } from 'koa';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { CookieNames } from '../http/cookies.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { parkSession } from './parked-sessions.ts';

type Parts = { cookies: CookieNames; secureCookies: boolean; ring: KeyRing };

const waysBack = new Set(['resume', 'device_resume']);

/**
 * Two people, two tabs: where a sign-in comes back to a browser in which somebody else has signed in
 * meanwhile, the library would end that session, and with it the Matrix devices of its owner. It is
 * put aside instead, and the sign-in gets a session of its own. Decided where the session is loaded,
 * so that nothing can come in between.
 */
export function putOthersAside(provider: Provider, parts: Parts): void {
  const sessions = provider.Session as unknown as Sessions;
  const { get } = sessions;
  sessions.get = async function getSession(ctx) {
    const session = await get.call(this, ctx);
    const { accountId } = session;
    const arrives = accountId && (await whoArrives(provider, ctx));
    if (!arrives || arrives === accountId) return session;
    parkSession(ctx as unknown as Context, parts);
    const own = this.instantiate();
    ctx.oidc.entity('Session', own);
    return own;
  };
}

type Session = { accountId?: string };
type Sessions = {
  get(ctx: KoaContextWithOIDC): Promise<Session>;
  instantiate(): Session;
};

/** The account of the sign-in that this request finishes, if it does. */
async function whoArrives(provider: Provider, ctx: KoaContextWithOIDC) {
  if (!waysBack.has(ctx.oidc?.route)) return undefined;
  const uid = ctx.cookies.get(provider.cookieName('resume'), { signed: true });
  const interaction = uid ? await provider.Interaction.find(uid) : undefined;
  return interaction?.result?.login?.accountId;
}
