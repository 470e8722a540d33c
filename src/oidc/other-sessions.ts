import type { Context } from 'koa';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { isIsolated } from './isolated-session.ts';
import { livingSessions, type ParkingParts, parkedSessions, rearrange } from './parked-sessions.ts';

const waysBack = new Set(['resume', 'device_resume']);

/**
 * Two people, two tabs: where a sign-in comes back to a browser in which somebody else has signed in
 * meanwhile, the library would end that session, and with it the Matrix devices of its owner. It is
 * put aside instead, and the sign-in gets a session of its own: the one that its account has put
 * aside here before, or a new one. Decided where the session is loaded, so that nothing can come in
 * between.
 */
export function parkOtherSessions(provider: Provider, parts: ParkingParts): void {
  const sessions = provider.Session as unknown as Sessions;
  const { get } = sessions;
  sessions.get = async function getSession(ctx) {
    const session = await get.call(this, ctx);
    const { accountId } = session;
    const arrives = await whoArrives(provider, ctx);
    if (!arrives || arrives === accountId) return session;
    const context = ctx as unknown as Context;
    const parked = await livingSessions(provider, parkedSessions(context, parts));
    const before = parked.find((one) => one.accountId === arrives);
    if (!accountId && !before) return session;
    rearrange(context, parts, { aside: accountId ? session : undefined, taken: before?.jti });
    const own = before ?? this.instantiate();
    ctx.oidc.entity('Session', own);
    return own;
  };
}

type Session = { accountId?: string; jti: string; transient?: boolean };
type Sessions = {
  get(ctx: KoaContextWithOIDC): Promise<Session>;
  instantiate(): Session;
};

/** The account of the sign-in that this request finishes, if it does. A hand-off is isolated from all. */
async function whoArrives(provider: Provider, ctx: KoaContextWithOIDC) {
  if (!waysBack.has(ctx.oidc?.route) || isIsolated()) return undefined;
  const uid = ctx.cookies.get(provider.cookieName('resume'), { signed: true });
  const interaction = uid ? await provider.Interaction.find(uid) : undefined;
  return interaction?.result?.login?.accountId;
}
