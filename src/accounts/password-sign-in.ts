import type { Queryable } from '../database/database.ts';
import { type SignInCandidate, signInCandidate, strengthenPasswordHash } from './accounts.store.ts';
import type { Identifier } from './identifier.ts';
import type { PasswordHasher } from './password-hasher.ts';

export type PasswordSignIn =
  /** `disabled` is only told to whoever knows the password. */
  { outcome: 'ok' | 'disabled'; candidate: SignInCandidate } | { outcome: 'wrong' };

/**
 * Checks a password: one query and one hash, whether there is such an account, whether it has a
 * password, and how many communities know the address. Limits come before (`SignInLimits`).
 *
 * @throws AppError `busy` (503)
 */
export async function signInByPassword(
  db: Queryable,
  hasher: PasswordHasher,
  attempt: {
    /** Null where the sign-in is open to all tenants. */
    tenantId: string | null;
    identifier: Pick<Identifier, 'emailKey' | 'handle'>;
    password: string;
  },
): Promise<PasswordSignIn> {
  const { emailKey, handle } = attempt.identifier;
  const candidate = await signInCandidate(db, { tenantId: attempt.tenantId, emailKey, handle });
  const { ok, outdated } = await hasher.verify(candidate?.passwordHash, attempt.password);
  if (!ok || !candidate) return { outcome: 'wrong' };
  if (!maySignIn(candidate)) return { outcome: 'disabled', candidate };
  if (outdated) {
    await strengthenPasswordHash(db, candidate.account.id, {
      from: candidate.passwordHash as string,
      to: await hasher.hash(attempt.password),
    });
  }
  return { outcome: 'ok', candidate };
}

export function maySignIn({ account, tenantStatus }: SignInCandidate): boolean {
  return account.status === 'active' && tenantStatus === 'active';
}
