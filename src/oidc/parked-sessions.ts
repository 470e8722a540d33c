import type { Context } from 'koa';
import type Provider from 'oidc-provider';
import { type CookieNames, clearCookie, setCookie } from '../http/cookies.ts';
import type { KeyRing } from '../secrets/keyring.ts';

export type ParkingParts = { cookies: CookieNames; secureCookies: boolean; ring: KeyRing };

/** `transient`: it ends with the browser, put aside or not. */
type Parked = { id: string; transient: boolean };

type Session = InstanceType<Provider['Session']>;
export type LivingSession = Session & { accountId: string };

/** Accounts that one browser can be signed in to at once. */
const mostParked = 7;
const keptSeconds = 30 * 24 * 3600;
const context = 'cookie:parked:sessions:';

/**
 * Ids of the sessions that this browser has put aside, newest first of their kind. Only the browser
 * holds them: the database knows sessions by HMAC.
 */
export function parkedSessions(ctx: Context, parts: ParkingParts): string[] {
  return readParked(ctx, parts).map(({ id }) => id);
}

/** Puts a session aside, and takes another one back. The caller replaces the session's own cookie. */
export function rearrange(
  ctx: Context,
  parts: ParkingParts,
  { aside, taken }: { aside?: { jti: string; transient?: boolean }; taken?: string },
): void {
  const others = readParked(ctx, parts).filter(({ id }) => id !== aside?.jti && id !== taken);
  const first = aside ? [{ id: aside.jti, transient: aside.transient === true }] : [];
  const kept = [...first, ...others].slice(0, mostParked);
  writeParked(ctx, parts, kept, false);
  writeParked(ctx, parts, kept, true);
}

/** None is put aside in this browser any more. */
export function forgetParked(ctx: Context, parts: ParkingParts): void {
  for (const transient of [false, true]) writeParked(ctx, parts, [], transient);
}

/** Those that have not ended, with whose they are. */
export async function livingSessions(
  provider: Provider,
  ids: readonly string[],
): Promise<LivingSession[]> {
  const found = await Promise.all(ids.map((id) => provider.Session.find(id)));
  return found.filter((session): session is LivingSession => session?.accountId !== undefined);
}

export function currentSessionId(ctx: Context, { cookies }: Pick<ParkingParts, 'cookies'>) {
  return ctx.cookies.get(cookies.session, { signed: true });
}

function readParked(ctx: Context, { cookies, ring }: ParkingParts): Parked[] {
  return [false, true].flatMap((transient) => {
    const sealed = ctx.cookies.get(cookieOf(cookies, transient));
    if (!sealed) return [];
    try {
      const ids: unknown = JSON.parse(ring.open(sealed, context).toString());
      const texts = Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
      return texts.map((id) => ({ id, transient }));
    } catch {
      return [];
    }
  });
}

/** Two cookies, as one that is to end with the browser cannot also stay. */
function writeParked(
  ctx: Context,
  { cookies, secureCookies: secure, ring }: ParkingParts,
  parked: readonly Parked[],
  transient: boolean,
): void {
  const name = cookieOf(cookies, transient);
  const ids = parked.filter((one) => one.transient === transient).map(({ id }) => id);
  if (ids.length > 0) {
    const sealed = ring.seal(JSON.stringify(ids), context);
    setCookie(ctx, name, sealed, { secure, maxAgeSeconds: transient ? undefined : keptSeconds });
  } else if (ctx.cookies.get(name)) {
    clearCookie(ctx, name, { secure });
  }
}

function cookieOf(cookies: CookieNames, transient: boolean): string {
  return transient ? cookies.parkedTransient : cookies.parked;
}
