import { isIP } from 'node:net';

/** Whose passkeys these are, as browsers know it (WebAuthn §4, "relying party"). */
export type RelyingParty = {
  /** A host: a passkey works at it, and nowhere else. */
  id: string;
  origin: string;
};

/**
 * Undefined where browsers know no passkeys: at an address instead of a name, and without TLS anywhere
 * but at `localhost`.
 */
export function relyingPartyOf(publicUrl: string): RelyingParty | undefined {
  const { protocol, hostname, origin } = new URL(publicUrl);
  const isAddress = isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
  const isSecure = protocol === 'https:' || /^(.+\.)?localhost$/.test(hostname);
  return isAddress || !isSecure ? undefined : { id: hostname, origin };
}
