import { readFileSync } from 'node:fs';
import { skeleton } from './skeleton.ts';

export type ReservedWords = {
  readonly words: ReadonlySet<string>;
  readonly skeletons: ReadonlySet<string>;
};

/**
 * Reads a list of words: one a line or several between blanks, `#` starts a comment. A word after
 * `=` is reserved only as it is written, because what looks like it is an ordinary name.
 */
export function readReservedWords(text: string): ReservedWords {
  const entries = text
    .split('\n')
    .flatMap((line) => line.replace(/#.*/, '').toLowerCase().split(/\s+/))
    .filter((entry) => entry !== '');
  return {
    words: new Set(entries.map((entry) => entry.replace(/^=/, ''))),
    skeletons: new Set(entries.filter((entry) => !entry.startsWith('=')).map(skeleton)),
  };
}

/** The words that every installation keeps for itself. */
export const builtInWords = readReservedWords(
  readFileSync(new URL('reserved-words.txt', import.meta.url), 'utf8'),
);

/** Compares whole handles only: `admin` says nothing about `badminton`. */
export function reservedReason(
  handle: string,
  { words, skeletons }: ReservedWords,
): 'reserved' | 'reserved_look_alike' | undefined {
  if (words.has(handle)) return 'reserved';
  return skeletons.has(skeleton(handle)) ? 'reserved_look_alike' : undefined;
}
