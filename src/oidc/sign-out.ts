import type { Context } from 'koa';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { record } from '../audit/events.ts';
import type { Database } from '../database/database.ts';
import {
  forgetParked,
  type LivingSession,
  livingSessions,
  type ParkingParts,
  parkedSessions,
} from './parked-sessions.ts';
import { endSession } from './sessions.ts';
import type { Subject } from './subjects.store.ts';
import type { Subjects } from './subjects.ts';

type Parts = ParkingParts & { database: Database; subjects: Subjects };

/** The field by which a sign-out is for all accounts of this browser. */
const allAccounts = 'all';

/** The accounts that this browser has put aside, but for the one that signs out. */
export async function otherAccounts(
  ctx: KoaContextWithOIDC,
  parts: ParkingParts & { subjects: Subjects },
): Promise<Subject[]> {
  const own = ctx.oidc.session?.accountId;
  const ids = (await parkedHere(ctx, parts)).map(({ accountId }) => accountId);
  const others = [...new Set(ids)].filter((id) => id !== own);
  const subjects = await Promise.all(others.map((id) => parts.subjects.find(id)));
  return subjects.filter((subject) => subject !== undefined);
}

/**
 * The library signs out the account that is there now. Whoever asked for it leaves no other behind:
 * every session that was put aside ends too, with its tokens and Matrix devices.
 */
export function signOutOthers(provider: Provider, parts: Parts): void {
  provider.use(async (ctx, next) => {
    await next();
    const { oidc } = ctx as unknown as KoaContextWithOIDC;
    const done = oidc?.route === 'end_session_confirm' && isDestroyed(oidc.session);
    if (!done || oidc.body?.[allAccounts] !== 'yes') return;
    for (const session of await parkedHere(ctx as unknown as KoaContextWithOIDC, parts)) {
      await end(session, parts);
    }
    forgetParked(ctx as unknown as Context, parts);
  });
}

async function end({ uid, accountId }: LivingSession, { database, subjects }: Parts) {
  const subject = await subjects.find(accountId);
  await database.transaction(async (tx) => {
    await endSession(tx, { uid, accountId });
    await record(tx, {
      ...{ action: 'session.ended', actor: accountId, target: accountId },
      tenantId: subject?.tenantId,
    });
  });
}

function parkedHere(ctx: KoaContextWithOIDC, parts: ParkingParts): Promise<LivingSession[]> {
  return livingSessions(ctx.oidc.provider, parkedSessions(ctx as unknown as Context, parts));
}

/** By the library, which has no word for it in its types. */
function isDestroyed(session: unknown): boolean {
  return (session as { destroyed?: boolean } | undefined)?.destroyed === true;
}
