import type { Fingerprints } from '../secrets/fingerprints.ts';

/**
 * The salt of all passwords whose accounts have this address, in whatever tenant: so one hash of what
 * was typed is compared with all of them. Nobody can compute it from the address alone.
 *
 * @returns undefined without an address: a salt at random does
 */
export function addressSalt(
  fingerprints: Fingerprints,
  emailKey: string | null | undefined,
): Uint8Array | undefined {
  if (!emailKey) return undefined;
  return Buffer.from(fingerprints.lasting('password salt', emailKey), 'base64url').subarray(0, 16);
}
