import { randomBytes } from 'node:crypto';
import { secretValue } from '../cli/options.ts';
import { type Cli, warn } from '../cli/run.ts';
import { AppError } from '../errors.ts';

/** What 24 random bytes take in base64: beyond any guessing. */
const leastLength = 32;

/**
 * The given secret, or one of 32 random bytes.
 *
 * @returns `made` only when it is new, because then it has to be shown
 * @throws AppError `secret_weak` in production, where elsewhere there is a warning
 */
export async function chooseSecret(
  { config }: Cli,
  given: string | undefined,
): Promise<{ secret: string; made?: string }> {
  const secret = await secretValue(given);
  if (secret === undefined) {
    const made = randomBytes(32).toString('base64url');
    return { secret: made, made };
  }
  if (!/^[\x21-\x7e]{1,256}$/.test(secret)) {
    throw new AppError('secret_invalid', {
      message: 'A secret has 1 to 256 printable ASCII characters and no spaces.',
    });
  }
  if (secret.length < leastLength) {
    const message = `A secret should have at least ${leastLength} characters; leave --secret out to have one made.`;
    if (config.production) throw new AppError('secret_weak', { message });
    warn(message);
  }
  return { secret };
}
