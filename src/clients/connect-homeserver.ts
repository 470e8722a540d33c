import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { lockClient, setUris } from './clients.store.ts';
import { clientNotFound } from './not-found.ts';
import { checkBackchannelUri, checkRedirectUri } from './uris.ts';

export type ConnectOrder = {
  clientId: string;
  uris: { redirectUris: string[]; backchannelLogoutUri: string };
  /** Where we reach the homeserver, maybe on a private network: never what came over the internet. */
  homeserverUrl: string | undefined;
  actor: string;
};

/**
 * Sets where a homeserver's client is: for sign-ins and for sign-outs.
 *
 * @throws AppError `client_not_found` (404), `client_without_idp_id` (409), `redirect_uri_invalid`,
 *   `backchannel_uri_invalid`
 */
export async function connectHomeserver(
  tx: Transaction,
  { clientId, uris, homeserverUrl, actor }: ConnectOrder,
): Promise<void> {
  const client = await lockClient(tx, clientId);
  if (!client) throw clientNotFound(clientId);
  if (!client.idpId) {
    throw new AppError('client_without_idp_id', {
      message: `${clientId} is not the client of a homeserver: it has no idp_id.`,
    });
  }
  for (const uri of uris.redirectUris) checkRedirectUri(uri, { isPublic: false });
  checkBackchannelUri(uris.backchannelLogoutUri, homeserverUrl);
  await setUris(tx, clientId, uris);
  await record(tx, {
    action: 'client.redirect_uris_changed',
    ...{ actor, target: clientId, clientId },
  });
}
