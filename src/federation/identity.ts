import type { UpstreamIdentity } from './connector.ts';
import type { UpstreamProfile } from './identities.store.ts';

/** What is remembered of it, to tell at the next sign-in what the person changed here. */
export function profileOf(identity: UpstreamIdentity): UpstreamProfile {
  return profileAfter({}, identity, identity.emailVerified ? identity.email : undefined);
}

/**
 * The same after one more sign-in. What a place did not say this time it has not taken back: a scope
 * may have been refused, or a server that holds the profile been away.
 *
 * @param email nothing where it gave no address that counts
 */
export function profileAfter(
  last: UpstreamProfile,
  { name, picture }: UpstreamIdentity,
  email: string | undefined,
): UpstreamProfile {
  return {
    name: name || last.name,
    picture: picture ?? last.picture,
    email: email ?? last.email,
  };
}

/** By what its owner recognises it. */
export function labelOf({ handleHint, email, name }: UpstreamIdentity): string | undefined {
  return handleHint ?? email ?? name;
}
