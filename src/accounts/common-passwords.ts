import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
let list: ReadonlySet<string> | undefined;

/**
 * Whether a lower-case word is among the 49 thousand passwords that breaches show most. The list
 * takes 20 MB and 60 ms to load, so only the first new password brings it in.
 */
export function isCommonPassword(word: string): boolean {
  list ??= new Set(
    (require('@zxcvbn-ts/language-common') as typeof import('@zxcvbn-ts/language-common'))
      .dictionary['passwords-common'],
  );
  return list.has(word);
}
