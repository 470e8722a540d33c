import { checkedJwks } from '../clients/rules.ts';
import { AppError } from '../errors.ts';
import { readFile } from './options.ts';

/** @throws AppError `file_unreadable`, `jwks_invalid` unless it holds public keys only */
export function readJwks(file: string): { keys: object[] } {
  let value: unknown;
  try {
    value = JSON.parse(readFile(file).toString());
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('jwks_invalid', { message: `${file} is not JSON.`, cause });
  }
  return checkedJwks(value, file);
}
