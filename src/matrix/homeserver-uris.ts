import type { Config } from '../config/config.ts';

/** What a homeserver's client needs to know of it. */
export type HomeserverUris = { redirectUris: string[]; backchannelLogoutUri: string };

/** @param urls win over the settings; without any, the server name is taken for the address */
export function homeserverUris(
  { serverName, synapsePublicUrl, synapseUrl }: Config['matrix'],
  urls: { publicUrl?: string; url?: string } = {},
): HomeserverUris {
  const browsers = urls.publicUrl ?? synapsePublicUrl ?? `https://${serverName}`;
  const ours = urls.url ?? synapseUrl ?? browsers;
  return {
    redirectUris: [`${browsers}/_synapse/client/oidc/callback`],
    backchannelLogoutUri: `${ours}/_synapse/client/oidc/backchannel_logout`,
  };
}
