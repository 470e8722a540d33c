import { AppError } from '../errors.ts';
import { describeFault, descriptionOf, faultOf } from './fault.ts';

/** The person turned back at the other place. */
function upstreamCancelled(cause?: unknown): AppError {
  return new AppError('upstream_cancelled', { cause });
}

/** The other place proved who it is, and policy keeps them out. */
export function upstreamRefused(message: string): AppError {
  return new AppError('upstream_refused', { message });
}

/** The other place does not let the person come to us, by its own rules. */
function upstreamDenied(cause: unknown): AppError {
  const { error: _told, ...details } = faultOf(cause);
  const message = 'The provider refused (access_denied); the log has what it said.';
  return new AppError('upstream_denied', { message, details, cause });
}

/**
 * The other place could not be reached, said something wrong, or somebody forged its answer.
 *
 * @param message for the operator: no secret, and nothing of what the answer held; which check it
 *   was is added as far as `cause` tells
 */
export function upstreamFailed(message: string, cause?: unknown): AppError {
  if (cause instanceof AppError && cause.code.startsWith('upstream_')) return cause;
  const words = describeFault(cause);
  const joint = words.startsWith('(') ? ' ' : ': ';
  return new AppError('upstream_failed', {
    message: words ? message.replace(/\.$/, joint) + words : message,
    details: { ...faultOf(cause) },
    cause,
  });
}

/** As the makers of common providers say that it was the person. */
const byThePerson =
  /\b(?:user|owner|person)\s+(?:has\s+)?(?:cancel|abort|declin|reject|den(?:ied|y)|did not (?:authori[sz]e|consent|approve|grant|allow))/i;

/**
 * `access_denied` (RFC 6749 §4.1.2.1) is said both where the person turned back and where the provider
 * does not let them through. Without a reason it was the person; so it was where the reason says so.
 *
 * @param refusal the error and, where there is one, its description
 */
export function upstreamTurnedAway(refusal: unknown, subcode?: string | null): AppError {
  const said = descriptionOf(refusal);
  const cancelled = said === undefined || subcode === 'cancel' || byThePerson.test(said);
  return cancelled ? upstreamCancelled(refusal) : upstreamDenied(refusal);
}
