import type { Fingerprints } from '../secrets/fingerprints.ts';
import type { PasswordHasher } from './password-hasher.ts';

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

/**
 * The hash to keep for a new password of an account.
 *
 * @throws AppError `busy` (503)
 */
export function hashPassword(
  { hasher, fingerprints }: { hasher: PasswordHasher; fingerprints: Fingerprints },
  password: string,
  { emailKey }: { emailKey: string | null | undefined },
): Promise<string> {
  return hasher.hash(password, addressSalt(fingerprints, emailKey));
}
