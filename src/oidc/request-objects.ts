import { decodeProtectedHeader } from 'jose';
import type Provider from 'oidc-provider';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';

/** What a client may sign its requests by (RFC 9101); never `none`. */
export const requestAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] as const;

/** How far ahead a request object may expire, in seconds: until then, whoever sees it can repeat it. */
const longest = 3600;
const types = ['oauth-authz-req+jwt', 'jwt'];

type Claims = { exp?: unknown; sub?: unknown };

/**
 * Beyond what the library checks: that the object was made for this, and ends. One with the client as
 * its `sub` could be taken for a client assertion, which is a secret (RFC 9101 §10.8).
 *
 * @throws InvalidRequestObject
 */
export function checkRequestObject(
  { oidc }: KoaContextWithOIDC,
  claims: Claims,
  header: { typ?: unknown },
): void {
  const refuse = (what: string) => {
    throw new errors.InvalidRequestObject(what);
  };
  const latest = Date.now() / 1000 + longest;
  if (typeof claims.exp !== 'number' || claims.exp > latest) refuse('exp must be within an hour');
  if (claims.sub === oidc.client?.clientId) refuse('sub must not be the client');
  const type = String(header.typ ?? 'JWT').toLowerCase();
  if (!types.includes(type.replace(/^application\//, '')))
    refuse('typ must be oauth-authz-req+jwt or JWT, if any');
}

/**
 * Refuses an unsigned request as soon as its client is known: the library looks into it before it
 * looks for a signature, and would answer as the unsigned object says.
 */
export function refuseUnsignedRequests(provider: Provider): void {
  const { prototype } = provider.OIDCContext;
  const { entity } = prototype;
  prototype.entity = function refusing(this: KoaContextWithOIDC['oidc'], key, value) {
    entity.call(this, key, value);
    if (key !== 'Client' || !isUnsigned(this.params?.request)) return;
    throw new errors.RequestNotSupported('request objects must be signed');
  };
}

function isUnsigned(request: unknown): boolean {
  if (typeof request !== 'string') return false;
  try {
    return decodeProtectedHeader(request).alg === 'none';
  } catch {
    return false;
  }
}
