import type { Transaction } from '../database/database.ts';
import { queueBackchannelLogout } from './backchannel.ts';
import { deleteSession, logoutsOfSession } from './sessions.store.ts';

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
