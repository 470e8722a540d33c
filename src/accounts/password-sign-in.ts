import type { Queryable } from '../database/database.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import {
  type SignInCandidate,
  signInCandidates,
  strengthenPasswordHash,
} from './accounts.store.ts';
import { addressSalt } from './address-salt.ts';
import type { Identifier } from './identifier.ts';
import { type PasswordHasher, recipeOf, saltOf } from './password-hasher.ts';

export type PasswordSignIn =
  /** `disabled` is only told to whoever knows the password. */
  { outcome: 'ok' | 'disabled'; candidate: SignInCandidate } | { outcome: 'wrong' };

type Attempt = {
  /** Null where the sign-in is open to all tenants. */
  tenantId: string | null;
  identifier: Pick<Identifier, 'emailKey' | 'handle'>;
  password: string;
  /** The value of the browser's own cookie. */
  browser: string;
  /** Tenants whose accounts come first where a password is right for several. */
  prefers?: (tenantId: string) => boolean;
};

/**
 * Checks a password: one query and one hash, whether there is such an account, whether it has a
 * password, and how many communities know the address (decision 11). Limits come before
 * (`SignInLimits`).
 *
 * @throws AppError `busy` (503)
 */
export async function signInByPassword(
  {
    db,
    hasher,
    fingerprints,
  }: { db: Queryable; hasher: PasswordHasher; fingerprints: Fingerprints },
  { tenantId, identifier, password, browser, prefers = () => true }: Attempt,
): Promise<PasswordSignIn> {
  const known = await signInCandidates(db, {
    ...identifier,
    browser: fingerprints.of('known browser', browser),
  });
  const meant = known.filter(({ account }) => !tenantId || account.tenantId === tenantId);
  const preferred = meant.filter(({ account }) => prefers(account.tenantId));
  const candidates = [...new Set([...preferred, ...meant])];
  const salt = addressSalt(fingerprints, identifier.emailKey);
  const match = await hasher.findMatch(hashedAlike(candidates, salt), password);
  const candidate = match && candidates.find(({ passwordHash }) => passwordHash === match.hash);
  if (!candidate) return { outcome: 'wrong' };
  if (!maySignIn(candidate)) return { outcome: 'disabled', candidate };
  const { id, emailKey } = candidate.account;
  const common = addressSalt(fingerprints, emailKey);
  if (match.outdated || (known.length > 1 && common && !isSaltedBy(match.hash, common))) {
    const to = await hasher.hash(password, common);
    await strengthenPasswordHash(db, id, { from: match.hash, to });
  }
  return { outcome: 'ok', candidate };
}

/**
 * Hashes that one computation answers for: with the salt of the address, else as the first one's. The
 * others are of accounts that had another address, or none, when their password was set.
 */
function hashedAlike(candidates: readonly SignInCandidate[], salt?: Uint8Array): string[] {
  const hashes = candidates.flatMap(({ passwordHash }) => passwordHash ?? []);
  const first = hashes.find((hash) => salt && isSaltedBy(hash, salt)) ?? hashes[0];
  return hashes.filter((hash) => first && recipeOf(hash) === recipeOf(first));
}

function isSaltedBy(hash: string, salt: Uint8Array): boolean {
  return Buffer.from(saltOf(hash), 'base64').equals(salt);
}

function maySignIn({ account, tenantStatus }: SignInCandidate): boolean {
  return account.status === 'active' && tenantStatus === 'active';
}
