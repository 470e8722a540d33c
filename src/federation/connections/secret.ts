import { readFile, secretValue } from '../../cli/options.ts';
import { AppError } from '../../errors.ts';
import type { AuthMethod } from './connections.store.ts';

type Given = { secret?: string; secretFile?: string };

/**
 * What proves us to the provider; nothing where our published keys do, or nothing at all.
 *
 * @throws AppError `secret_missing`, `secret_invalid`, `file_unreadable`
 */
export async function secretFrom(method: AuthMethod, given: Given): Promise<string | null> {
  if (method === 'none' || method === 'private_key_jwt') return null;
  const secret = given.secretFile
    ? readFile(given.secretFile).toString().replace(/\s+$/, '')
    : await secretValue(given.secret);
  if (!secret) {
    throw new AppError('secret_missing', {
      message: 'Give the secret that the provider made, by --secret-file or --secret -.',
    });
  }
  if (!/^[\x20-\x7e]{1,1000}$/.test(secret)) {
    throw new AppError('secret_invalid', { message: 'The secret holds characters that none has.' });
  }
  return secret;
}
