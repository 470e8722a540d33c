import { AppError } from '../errors.ts';

/**
 * What the driver says when the server is away, starts, stops, fails over or has no room: SQLSTATE
 * classes 08, 53 and 57P, a standby that is read-only, and errors of the connection itself.
 */
const awayState = /^(?:08\w{3}|53\w{3}|57P\d\d|25006)$/;
const awayCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** Of `pg` and `pg-pool`, which give these no code. */
const awayWords =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed and is not queryable|Cannot use a pool after calling end)/;

/** Seconds after which asking again is worth while. */
export const retryAfter = 10;

/** Whether the database could not serve, whatever was asked of it. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '', message } = error as Error & { code?: string };
  return awayState.test(code) || awayCodes.has(code) || awayWords.test(message);
}

/**
 * What the rest of the program sees of such an error: 503, and when to ask again. The OpenID library
 * answers it as well, since it has what that looks for in an error (RFC 6749 §4.1.2.1).
 */
export class DatabaseAway extends AppError {
  readonly statusCode = 503;
  readonly expose = true;
  readonly allow_redirect = true;

  constructor(cause: unknown) {
    super('temporarily_unavailable', {
      status: 503,
      details: { retryAt: new Date(Date.now() + retryAfter * 1000).toISOString() },
      cause,
    });
  }
}
