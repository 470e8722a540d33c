import { record } from '../audit/events.ts';
import type { Cli } from '../cli/run.ts';
import { AppError } from '../errors.ts';
import { findClient, setRequirements } from './clients.store.ts';
import { type FoundClient, requireClient, type SetOptions } from './find.ts';
import { clientNotFound } from './not-found.ts';
import { accountClientId, tryClientId } from './own-clients.ts';
import { checkRequirements, readJwks } from './rules.ts';
import { checkBackchannelUri, checkRedirectUri } from './uris.ts';

/**
 * Changes what is given.
 *
 * @throws AppError `client_not_found` (404), `client_built_in` (409), `client_invalid`,
 *   `backchannel_uri_invalid`, `redirect_uri_invalid`, `jwks_invalid`
 */
export async function set(cli: Cli, id: string, options: SetOptions): Promise<FoundClient> {
  if ([accountClientId, tryClientId].includes(id)) {
    throw new AppError('client_built_in', { message: `${id} is a part of this service.` });
  }
  const { backchannelLogoutUri: uri, postLogoutRedirectUri, jwks: file, ...requirements } = options;
  const postLogoutRedirectUris = postLogoutRedirectUri?.filter((one) => one !== '');
  const jwks = file ? readJwks(file) : undefined;
  if (uri) checkBackchannelUri(uri, cli.config.matrix.synapseUrl);
  return cli.database.transaction(async (tx) => {
    const before = await findClient(tx, id);
    if (!before) throw clientNotFound(id);
    const isPublic = before.tokenEndpointAuthMethod === 'none';
    for (const one of postLogoutRedirectUris ?? []) checkRedirectUri(one, { isPublic });
    const after = {
      ...before,
      ...(postLogoutRedirectUris && { postLogoutRedirectUris }),
      ...requirements,
      ...(jwks && { jwks }),
      ...(uri === undefined ? undefined : { backchannelLogoutUri: uri || null }),
    };
    checkRequirements(after);
    await setRequirements(tx, after);
    await record(tx, { action: 'client.changed', actor: 'operator', target: id, clientId: id });
    return requireClient(tx, id);
  });
}
