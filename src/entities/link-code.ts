import { createHash, randomBytes } from 'node:crypto';

/** Without letters and digits that look alike. */
const alphabet = '23456789abcdefghjkmnpqrstuvwxyz';
const length = 25;

/** By which an administrator of a room confirms a link there: 123 bits, in groups of five. */
export function newLinkCode(): string {
  let code = '';
  while (code.length < length) {
    for (const byte of randomBytes(length)) {
      // Of what lies above the last whole multiple some letters would come more often.
      if (byte < 8 * alphabet.length && code.length < length) {
        code += alphabet[byte % alphabet.length];
      }
    }
  }
  return code.replace(/.{5}(?=.)/g, '$&-');
}

/** What is stored of it: nobody can try out so many codes. Case and dashes do not matter. */
export function linkCodeFingerprint(code: string): string {
  return createHash('sha256')
    .update(code.toLowerCase().replace(/[^a-z0-9]/g, ''))
    .digest('base64url');
}
