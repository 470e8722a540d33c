import Provider, { type AdapterPayload } from 'oidc-provider';
import type { Database } from '../database/database.ts';
import { removeOldestAnonymous } from './anonymous-artifacts.store.ts';

/**
 * Anybody can have something kept: a request to sign in, a device's code, a session without an
 * account. Until somebody acts on it, it is short-lived and few are kept; then the oldest make room.
 * So nobody is refused because of others, and a flood holds no more than this.
 */
export const anonymousLimits = { seconds: 20 * 60, perNetwork: 1000, overAll: 20_000 };

/** Whether nobody has acted yet on what is about to be kept. */
export function isAnonymous(model: string, payload: AdapterPayload): boolean {
  switch (model) {
    case 'Interaction':
      return !payload.result?.login && !payload.lastSubmission;
    case 'Session':
      return !payload.accountId;
    case 'PushedAuthorizationRequest':
      return !clientIsProved();
    case 'DeviceCode':
      return !payload.inFlight && !payload.accountId && !payload.error && !clientIsProved();
    default:
      return false;
  }
}

/** One address may be a whole application: all that its people begin comes from its server. */
function clientIsProved(): boolean {
  const method = Provider.ctx?.oidc.client?.tokenEndpointAuthMethod;
  return method !== undefined && method !== 'none';
}

/** The oldest of all that is anonymous, a batch at a time. */
export function removeAnonymousOverflow(database: Database): Promise<number> {
  return removeOldestAnonymous(database, { keep: anonymousLimits.overAll, batch: 1000 });
}
