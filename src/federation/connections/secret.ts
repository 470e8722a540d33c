import { AppError } from '../../errors.ts';
import type { AuthMethod } from './connections.store.ts';

/**
 * What proves us to the provider; nothing where our published keys do, or nothing at all.
 *
 * @throws AppError `secret_missing`, `secret_invalid`
 */
export function checkedSecret(method: AuthMethod, secret: string | undefined): string | null {
  if (method === 'none' || method === 'private_key_jwt') return null;
  if (!secret) {
    throw new AppError('secret_missing', {
      message: 'Give the secret that the provider made, by --secret-file or --secret -.',
    });
  }
  if (/^[\x20-\x7e]{1,1000}$/.test(secret)) return secret;
  throw new AppError('secret_invalid', { message: 'The secret holds characters that none has.' });
}
