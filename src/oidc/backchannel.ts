import type Provider from 'oidc-provider';
import type { Queryable } from '../database/database.ts';
import type { JobPayload } from '../jobs/catalogue.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { GiveUp, type Tasks } from '../jobs/task.ts';
import { forgetClientSession, whenSignedIn } from './client-sessions.store.ts';

const taskName = 'backchannel-logout';
type Logout = JobPayload<typeof taskName>;

/** Tells an application, in time and as often as it takes, that one browser session ended. */
export function queueBackchannelLogout(db: Queryable, logout: Logout): Promise<void> {
  return enqueue(db, taskName, logout);
}

/**
 * The library would call the application while the person waits, once, and forget a failure. Its
 * logout is queued instead; the worker calls what the library meant to.
 */
export function queueLogouts(provider: Provider, db: Queryable): void {
  const prototype = provider.Client.prototype as unknown as {
    backchannelLogout(sub: string, sid: string): Promise<void>;
    sendBackchannelLogout(sub: string, sid: string): Promise<void>;
  };
  prototype.sendBackchannelLogout = prototype.backchannelLogout;
  prototype.backchannelLogout = function backchannelLogout(sub, sid) {
    const { clientId } = this as unknown as { clientId: string };
    return queueBackchannelLogout(db, { clientId, sub, sid });
  };
}

export function backchannelTasks(
  database: Queryable,
  provider: () => Provider,
): Tasks<typeof taskName> {
  return {
    async [taskName]({ clientId, sub, sid }) {
      const client = await provider().Client.find(clientId);
      if (!client?.backchannelLogoutUri) throw new GiveUp(`${clientId} takes no logouts any more`);
      const { sendBackchannelLogout } = client as unknown as {
        sendBackchannelLogout(sub: string, sid: string): Promise<void>;
      };
      const signedInAt = await whenSignedIn(database, { clientId, sid });
      await sendBackchannelLogout.call(client, sub, sid);
      if (signedInAt) await forgetClientSession(database, { clientId, sid, signedInAt });
    },
  };
}
