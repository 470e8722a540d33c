/** Synapse first leads from other names it has to its public_baseurl, where its cookies are. */
const mostHops = 3;

/**
 * The authorization request with which Synapse sends a browser to this issuer when somebody presses
 * the provider's button; nothing if it sends them elsewhere.
 */
export async function signInRequest(
  synapse: string,
  provider: string,
  issuer: string,
): Promise<URL | undefined> {
  const path = `/_matrix/client/v3/login/sso/redirect/${encodeURIComponent(provider)}`;
  let url = new URL(`${path}?redirectUrl=${encodeURIComponent('http://localhost/')}`, synapse);
  for (let hop = 0; hop < mostHops; hop += 1) {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    const location = response.headers.get('location');
    if (!location) return undefined;
    url = new URL(location, url);
    if (url.href.startsWith(`${issuer}/`)) return url;
    // Anywhere else is somebody else's provider, which is not ours to call.
    if (url.pathname !== path) return undefined;
  }
  return undefined;
}
