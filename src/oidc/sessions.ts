import type { Transaction } from '../database/database.ts';
import { queueBackchannelLogout } from './backchannel.ts';
import {
  type Logout,
  logoutsOfAccount,
  logoutsOfApplication,
  logoutsOfSession,
} from './client-sessions.store.ts';
import { deleteSession, endSessions } from './sessions.store.ts';

/**
 * Signs one browser out: its session, its grants and tokens end now, and the applications that want
 * to know are told by the worker, so that Matrix devices of this session end too.
 */
export async function endSession(
  tx: Transaction,
  session: { uid: string; accountId: string },
): Promise<void> {
  await deleteSession(tx, session);
  await queueLogouts(tx, session.accountId, await logoutsOfSession(tx, session));
}

/**
 * The same for every browser in which the account is signed in, but for the session kept, and for
 * what is left elsewhere of sessions that ran out: a Matrix device outlives the session it came from.
 */
export async function signOutEverywhere(
  tx: Transaction,
  accountId: string,
  keep?: { sessionUid: string },
): Promise<void> {
  // First, as this waits for a code that is being redeemed: what came of it is seen afterwards.
  await endSessions(tx, accountId, keep);
  await queueLogouts(tx, accountId, await logoutsOfAccount(tx, accountId, keep));
}

/** Everything that an application has of the account. */
export async function signOutAt(
  tx: Transaction,
  connection: { accountId: string; clientId: string },
): Promise<void> {
  await queueLogouts(tx, connection.accountId, await logoutsOfApplication(tx, connection));
}

async function queueLogouts(tx: Transaction, sub: string, logouts: Logout[]): Promise<void> {
  for (const logout of logouts) await queueBackchannelLogout(tx, { ...logout, sub });
}
