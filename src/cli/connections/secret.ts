import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { AppError } from '../../errors.ts';
import type { AuthMethod } from '../../federation/connections.store.ts';
import { readFile, secretValue } from '../options.ts';

type Given = { secret?: string; secretFile?: string };

/** What proves us to the provider, and the public key to give to it where we made one. */
export type Credential = { secret: string | null; jwks?: { keys: JWK[] } };

/** @throws AppError `secret_missing`, `secret_invalid`, `file_unreadable` */
export async function credentialFrom(method: AuthMethod, given: Given): Promise<Credential> {
  if (method === 'none') return { secret: null };
  if (method === 'private_key_jwt') return makeKey();
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
  return { secret };
}

/** The private half never leaves this program. */
async function makeKey(): Promise<Credential> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const shown = await exportJWK(publicKey);
  const facts = { kid: await calculateJwkThumbprint(shown), alg: 'ES256', use: 'sig' };
  return {
    secret: JSON.stringify({ ...(await exportJWK(privateKey)), ...facts }),
    jwks: { keys: [{ ...shown, ...facts }] },
  };
}
