import { trimUnseen } from '../text/unseen.ts';
import { parseEmail } from './email-address.ts';

/** What a person types to say who they are. */
export type Identifier =
  | { email: string; emailKey: string; handle?: undefined }
  | { handle: string; email?: undefined; emailKey?: undefined };

/** Every localpart a homeserver may have, not only those that new handles are made by. */
const localpart = /^[a-z0-9._=/+-]{1,255}$/;

/**
 * An email address, a handle (`john`, `@john`) or a whole Matrix ID, whose server is not looked at.
 *
 * @returns undefined for what can be none of them, whoever has an account
 */
export function parseIdentifier(raw: string): Identifier | undefined {
  const typed = trimUnseen(raw);
  if (typed.lastIndexOf('@') > 0) {
    const address = parseEmail(typed);
    return address && { email: address.email, emailKey: address.key };
  }
  const [handle = ''] = typed.replace(/^@/, '').toLowerCase().split(':');
  return localpart.test(handle) ? { handle } : undefined;
}

/** One string per identifier, for limits. The two kinds never meet: only addresses have an `@`. */
export function identifierKey(identifier: Pick<Identifier, 'emailKey' | 'handle'>): string {
  return identifier.emailKey ?? identifier.handle ?? '';
}
