/** Characters that pass for a letter. `i`, `l` and `1` are one: they differ by a dot and a foot. */
const letters: Record<string, string> = {
  '0': 'o',
  '1': 'l',
  '2': 'z',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '6': 'b',
  '7': 't',
  '8': 'b',
  '9': 'g',
  i: 'l',
};

/** Pairs that pass for one letter. `cl` is written after `i` became `l`. */
const pairs: Record<string, string> = { rn: 'm', nn: 'm', vv: 'w', cl: 'd' };

/**
 * What is left of a handle when everything is dropped that a quick eye does not see. Two handles
 * with one skeleton look alike. It is compared with reserved words only: among people it would
 * refuse Anna because of Ama.
 */
export function skeleton(handle: string): string {
  return handle
    .replace(/[._-]/g, '')
    .replace(/[0-9i]/g, (character) => letters[character] ?? character)
    .replace(/rn|nn|vv|cl/g, (pair) => pairs[pair] ?? pair);
}
