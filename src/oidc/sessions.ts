import type { Transaction } from '../database/database.ts';
import { endSessions } from './artifacts.store.ts';
import { queueBackchannelLogout } from './backchannel.ts';
import { deleteSession, logoutsOfAccount, logoutsOfSession } from './sessions.store.ts';

/**
 * Signs one browser out: its session, its grants and tokens end now, and the applications that want
 * to know are told by the worker, so that Matrix devices of this session end too.
 */
export async function endSession(
  tx: Transaction,
  session: { uid: string; accountId: string },
): Promise<void> {
  for (const logout of await logoutsOfSession(tx, session)) {
    await queueBackchannelLogout(tx, { ...logout, sub: session.accountId });
  }
  await deleteSession(tx, session);
}

/** The same for every browser in which the account is signed in, but for the session kept. */
export async function signOutEverywhere(
  tx: Transaction,
  accountId: string,
  keep?: { sessionUid: string },
): Promise<void> {
  for (const logout of await logoutsOfAccount(tx, accountId, keep)) {
    await queueBackchannelLogout(tx, { ...logout, sub: accountId });
  }
  await endSessions(tx, accountId, keep);
}
