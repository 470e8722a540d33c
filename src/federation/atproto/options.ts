import type { Config } from '../../config/config.ts';
import { createGuardedFetch } from '../guarded-fetch.ts';
import { type BlueskyOptions, canOfferBluesky } from './metadata.ts';
import type { Vault } from './stores.ts';

/** What sign-in with Bluesky is made of; nothing where it is switched off or cannot work. */
export function blueskyOptions(
  { publicUrl, bluesky, upstream }: Pick<Config, 'publicUrl' | 'bluesky' | 'upstream'>,
  { database, ring, fingerprints }: Vault,
): BlueskyOptions | undefined {
  if (!bluesky.offered || !canOfferBluesky(publicUrl)) return undefined;
  return {
    ...{ database, ring, fingerprints, publicUrl },
    callbackUrl: `${publicUrl}/callback/bluesky`,
    plcUrl: bluesky.plcUrl,
    handleResolver: bluesky.handleResolver,
    fetch: createGuardedFetch(upstream),
    allowHttp: upstream.allowedNetworks.length > 0,
  };
}
