import { AppError } from '../../errors.ts';
import { withoutUnseen } from '../../text/unseen.ts';

/** What the OAuth client may be asked with, in the order it should be tried. */
export type Targets = readonly [string, ...string[]];

const did = /^did:[a-z]+:[\w.:%-]+$/i;
const hostName = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const profilePage = /^https?:\/\/(?:[^/?#]+\.)?bsky\.app\/profile\/(?<who>[^/?#]+)/i;

/** Where a name without a dot belongs, as in Bluesky's own app. */
const homeDomain = 'bsky.social';

/**
 * Understands a handle, a DID or a server's address as people type and paste them: with an `@`, as
 * `at://` or a link to a profile, with marks that cannot be seen around it.
 *
 * @throws AppError `bluesky_handle_required` or `bluesky_handle_unknown` (422)
 */
export function targetsOf(typed: string | undefined): Targets {
  const cleaned = withoutUnseen(typed ?? '');
  if (cleaned === '') throw handleRequired();
  const named = profilePage.exec(cleaned)?.groups?.who ?? cleaned;
  const bare = named.replace(/^(?:at:\/\/|@)+/i, '').replace(/^([^/]+)\/$/, '$1');
  if (did.test(bare)) return [bare];
  if (/^https?:\/\//i.test(bare)) return [serverOrigin(bare)];
  const name = bare.toLowerCase();
  if (/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name)) return [`${name}.${homeDomain}`];
  if (!hostName.test(name) || name.length > 253) throw unknown();
  // A server's name looks like a handle.
  return [name, `https://${name}`];
}

/**
 * A hint from an application is followed only where it can hardly mean anything else: an email is
 * none, and a name without a dot is more likely a handle of ours.
 *
 * @throws AppError `bluesky_handle_required` (422)
 */
export function targetsOfHint(hint: string | undefined): Targets {
  const may = hint !== undefined && (/^(?:did:|at:)/i.test(hint) || /^[^@/]+\.[^@/]+$/.test(hint));
  return targetsOf(may ? hint : undefined);
}

export function handleRequired(cause?: unknown): AppError {
  return new AppError('bluesky_handle_required', { cause });
}

function serverOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username || url.password) throw unknown();
  return url.origin;
}

function unknown(): AppError {
  return new AppError('bluesky_handle_unknown');
}
