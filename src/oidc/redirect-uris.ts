import type Provider from 'oidc-provider';
import { accountClientId, tryClientId } from '../clients/own-clients.ts';

/** `localhost` is a name, and may lead elsewhere (RFC 8252 §8.3). */
const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::([1-9]\d{0,4}))?(?![^/?])(.*)$/;

/**
 * Whether an address is one of those that a client has registered. They are compared as text (RFC 9700
 * §4.1.3: no wildcards, no prefixes), but for the port of an application on the person's own machine,
 * which takes the one that is free (RFC 8252 §7.3).
 */
function isRegistered(
  uri: string,
  registered: readonly string[],
  { anyPort }: { anyPort: boolean },
): boolean {
  if (registered.includes(uri)) return true;
  const place = anyPort ? withoutPort(uri) : undefined;
  return place !== undefined && registered.some((other) => withoutPort(other) === place);
}

function withoutPort(uri: string): string | undefined {
  const [, host, port = '80', rest = ''] = loopback.exec(uri) ?? [];
  return host && Number(port) <= 65_535 ? `${host} ${rest}` : undefined;
}

type Registration = {
  clientId: string;
  applicationType?: string;
  clientAuthMethod?: string;
  redirectUris?: string[];
  postLogoutRedirectUris?: string[];
};

/**
 * Only an application that runs where the person sits, and so can keep no secret, may change its port.
 * In development our own pages are there too, and everybody knows whose port theirs is.
 */
function mayChangePort(client: Registration): boolean {
  return (
    client.applicationType === 'native' &&
    client.clientAuthMethod === 'none' &&
    ![accountClientId, tryClientId].includes(client.clientId)
  );
}

export function compareRedirectUris(provider: Provider): void {
  const { prototype } = provider.Client;
  prototype.redirectUriAllowed = function allowed(this: Registration, uri: string) {
    return isRegistered(uri, this.redirectUris ?? [], { anyPort: mayChangePort(this) });
  };
  prototype.postLogoutRedirectUriAllowed = function allowed(this: Registration, uri: string) {
    return isRegistered(uri, this.postLogoutRedirectUris ?? [], { anyPort: mayChangePort(this) });
  };
}
