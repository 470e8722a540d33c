import { record } from '../audit/events.ts';
import { requireClient } from '../cli/clients/client.ts';
import { fields, type Report } from '../cli/report.ts';
import type { Cli } from '../cli/run.ts';
import { AppError } from '../errors.ts';
import { homeserverUris } from '../matrix/homeserver-uris.ts';
import { setUris } from './clients.store.ts';
import { checkBackchannelUri, checkRedirectUri } from './uris.ts';

export type ConnectOptions = { client: string; publicUrl?: string; url?: string };

/**
 * @throws AppError `client_not_found` (404), `client_without_idp_id` (409), `redirect_uri_invalid`,
 *   `backchannel_uri_invalid`
 */
export async function connect(
  { database, config }: Cli,
  { client: id, ...urls }: ConnectOptions,
): Promise<Report> {
  const { idpId } = await requireClient(database, id);
  if (!idpId) {
    throw new AppError('client_without_idp_id', {
      message: `${id} is not the client of a homeserver: it has no idp_id.`,
    });
  }
  const uris = homeserverUris(config.matrix, urls);
  for (const uri of uris.redirectUris) checkRedirectUri(uri, { isPublic: false });
  checkBackchannelUri(uris.backchannelLogoutUri, urls.url ?? config.matrix.synapseUrl);
  await database.transaction(async (tx) => {
    await setUris(tx, id, uris);
    await record(tx, {
      action: 'client.redirect_uris_changed',
      actor: 'operator',
      target: id,
      clientId: id,
    });
  });
  return {
    data: await requireClient(database, id),
    text: fields({ 'redirect URIs': uris.redirectUris, 'back-channel': uris.backchannelLogoutUri }),
  };
}
