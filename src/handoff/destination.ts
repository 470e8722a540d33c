import type { Client } from '../clients/clients.store.ts';

/** Matrix client-server API §5.7.2, by way of our block or with Synapse's own choice of blocks. */
const ssoPath = /^\/_matrix\/client\/(?:v3|r0)\/login\/sso\/redirect(?:\/oidc-([^/]+))?$/;

/**
 * Where a hand-off to this client sends the browser, spelled as browsers read it; undefined where it
 * may not be sent there. A homeserver's sign-in leads on to any address that it is given, so that
 * one must be a target.
 */
export function destinationAt(client: Client, wanted: string): string | undefined {
  const url = URL.parse(wanted);
  if (!url) return undefined;
  if (isTarget(client, url)) return url.href;
  if (url.username || url.password || !isAtClient(client, url)) return undefined;
  return client.idpId ? throughHomeserver(client, url) : url.href;
}

function throughHomeserver(client: Client, url: URL): string | undefined {
  const path = ssoPath.exec(url.pathname);
  if (!path || (path[1] !== undefined && path[1] !== client.idpId)) return undefined;
  const [back, ...others] = url.searchParams.getAll('redirectUrl').map((text) => URL.parse(text));
  if (!back || others.length > 0 || !isTarget(client, back)) return undefined;
  url.searchParams.set('redirectUrl', back.href);
  return url.href;
}

/** Targets are whole origins with a path that ends with a slash, so no longer host begins like them. */
function isTarget(client: Client, url: URL): boolean {
  const begins = client.handoffTargets.some((target) => url.href.startsWith(target));
  const path = asServersReadIt(url);
  if (!begins || /(^|\/)\.\.?(\/|$)/.test(path)) return false;
  return !(client.idpId && isAtClient(client, url) && isHomeserverApi(path));
}

/** Where a web client has the homeserver's own host, what leads on from there is no target. */
function isHomeserverApi(path: string): boolean {
  return /^\/+_(matrix|synapse)/i.test(path);
}

/** Browsers leave `..%2f` as it is, and what stands before an application may follow it. */
function asServersReadIt({ pathname }: URL): string {
  return pathname
    .replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll('\\', '/');
}

function isAtClient({ redirectUris }: Client, { origin }: URL): boolean {
  return redirectUris.some((uri) => URL.parse(uri)?.origin === origin);
}
