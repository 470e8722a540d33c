import type { AdapterPayload } from 'oidc-provider';
import type { RowIds } from './row-ids.ts';

/** Stands for the interaction's own id in the address that it returns to. */
const ownId = '{uid}';

/**
 * An interaction as it is stored: without the ids that would let a reader of the database go on with
 * it, or use the device code or the pushed request that it came from.
 */
export function hideIds(payload: AdapterPayload, id: string, rows: RowIds): AdapterPayload {
  const { session, returnTo, deviceCode, parJti } = payload;
  return {
    ...payload,
    session: withoutCookie(session),
    returnTo: returnTo?.replace(id, ownId),
    deviceCode: deviceCode && rows.of(deviceCode),
    parJti: parJti && rows.of(parJti),
  };
}

/** The same as the library knows it. */
export function revealIds(payload: AdapterPayload, id: string, rows: RowIds): AdapterPayload {
  const { returnTo, deviceCode, parJti } = payload;
  return {
    ...payload,
    returnTo: returnTo?.replace(ownId, id),
    deviceCode: deviceCode && rows.handle(deviceCode),
    parJti: parJti && rows.handle(parJti),
  };
}

/** The library keeps the session cookie's value in an interaction but never reads it. */
function withoutCookie(session: AdapterPayload['session']): AdapterPayload['session'] {
  if (!session) return undefined;
  const { cookie: _cookie, ...rest } = session as typeof session & { cookie?: string };
  return rest as AdapterPayload['session'];
}
