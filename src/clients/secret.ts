import { randomBytes } from 'node:crypto';
import { AppError } from '../errors.ts';

/** What 24 random bytes take in base64: beyond any guessing. */
const leastLength = 32;

export type ChosenSecret = {
  secret: string;
  /** Whether it is new, because then it has to be shown. */
  made: boolean;
  /** What is to be said of one that is too short. */
  warning?: string;
};

/**
 * The given secret, or one of 32 random bytes.
 *
 * @throws AppError `secret_invalid`, and in production `secret_weak`, where elsewhere there is a warning
 */
export function chooseSecret(
  given: string | undefined,
  { production }: { production: boolean },
): ChosenSecret {
  if (given === undefined) {
    return { secret: randomBytes(32).toString('base64url'), made: true };
  }
  if (!/^[\x21-\x7e]{1,256}$/.test(given)) {
    throw new AppError('secret_invalid', {
      message: 'A secret has 1 to 256 printable ASCII characters and no spaces.',
    });
  }
  if (given.length >= leastLength) return { secret: given, made: false };
  const warning = `A secret should have at least ${leastLength} characters; leave --secret out to have one made.`;
  if (production) throw new AppError('secret_weak', { message: warning });
  return { secret: given, made: false, warning };
}
