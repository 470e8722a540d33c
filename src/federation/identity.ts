import type { UpstreamIdentity } from './connector.ts';
import type { UpstreamProfile } from './identities.store.ts';

/** What is remembered of it, to tell at the next sign-in what the person changed here. */
export function profileOf({
  name,
  picture,
  email,
  emailVerified,
}: UpstreamIdentity): UpstreamProfile {
  return { name, picture, ...(emailVerified ? { email } : undefined) };
}

/** By what its owner recognises it. */
export function labelOf({ handleHint, email, name }: UpstreamIdentity): string | undefined {
  return handleHint ?? email ?? name;
}
