import Provider from 'oidc-provider';
import type { Queryable } from '../database/database.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { insertSeen } from './replay.store.ts';

type Parts = { database: Queryable; fingerprints: Fingerprints };

/** How far the date of a proof of possession may be from now, either way; the library's own choice. */
export const dpopProofSeconds = 300;

/**
 * Notes that somebody's signed statement (a client assertion, a proof of possession) was used.
 *
 * @param until seconds since 1970, when it can no longer be used anyway
 * @returns false for one that was used before
 */
export function useOnce(
  { database, fingerprints }: Parts,
  issuer: string,
  jti: string,
  until: number,
): Promise<boolean> {
  return insertSeen(database, fingerprints.of('oidc:seen', JSON.stringify([issuer, jti])), until);
}

/**
 * The library looks for an id and then writes it down: of twenty at once, all would be the first. And
 * it remembers a proof for five minutes only, where one that is dated ahead lives for ten.
 */
export function refuseReplays(provider: Provider, parts: Parts): void {
  provider.ReplayDetection.unique = async (issuer, jti, until) =>
    isPushedByAnybody() || useOnce(parts, issuer, jti, until + dpopProofSeconds);
}

/**
 * A proof beside a pushed request (RFC 9449 §10.1) opens nothing, and of a client that proves nothing
 * of itself anybody can send any number: they would be kept, and sent again they change nothing.
 */
function isPushedByAnybody(): boolean {
  const { route, client } = Provider.ctx?.oidc ?? {};
  return route === 'pushed_authorization_request' && client?.tokenEndpointAuthMethod === 'none';
}
