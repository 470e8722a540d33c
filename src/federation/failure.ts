import { AppError } from '../errors.ts';

/** The person turned back at the other place. */
export function upstreamCancelled(): AppError {
  return new AppError('upstream_cancelled', { status: 400 });
}

/** The other place proved who it is, and policy keeps them out. */
export function upstreamRefused(message: string): AppError {
  return new AppError('upstream_refused', { status: 403, message });
}

/**
 * The other place could not be reached, said something wrong, or somebody forged its answer.
 *
 * @param message for the operator: no secret, and nothing of what the answer held
 */
export function upstreamFailed(message: string, cause?: unknown): AppError {
  if (cause instanceof AppError && cause.code.startsWith('upstream_')) return cause;
  return new AppError('upstream_failed', { status: 502, message, cause });
}
