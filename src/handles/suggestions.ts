import { type HandlePolicy, refusal } from './policy.ts';
import { handleLength, normaliseHandle } from './rules.ts';
import { plainWords } from './transliteration.ts';

/** What is known of a person who looks for a handle. */
export type Person = { name?: string; email?: string; wanted?: string };

/** Candidates are looked up together: enough to find free ones of a common name, and no more. */
const mostCombinations = 12;

/** Longer texts are nobody's name, and every character costs time. */
const longestText = 100;

/** For those whose name cannot be written in `a-z`. */
const colours = ['amber', 'azure', 'coral', 'golden', 'jade', 'olive', 'silver', 'violet'];
const animals = ['badger', 'falcon', 'heron', 'lynx', 'otter', 'raven', 'sparrow', 'swift'];

/**
 * Handles that suit a person, the most natural first. All follow the rules and none is reserved;
 * which of them are free is for the store to say.
 *
 * @param random as `Math.random`: the numbers behind a name that many people have
 */
export function candidates(
  person: Person,
  policy: HandlePolicy,
  random: () => number = Math.random,
): string[] {
  const wanted = normaliseHandle((person.wanted ?? '').slice(0, longestText), policy.serverName);
  const mailbox = (person.email ?? '').slice(0, longestText).replace(/[+@].*/s, '');
  const bases = [wanted, (person.name ?? '').slice(0, longestText), mailbox].map((text) =>
    withoutReserved(plainWords(text), policy),
  );
  const written = bases.map((words) => combinations(words).map(trimmed));
  const combined = unique(written.flat()).slice(0, mostCombinations);
  const roots = unique(written.flatMap((handles) => handles.slice(0, 1)));
  return unique([...combined, ...numbered(roots, random), ...neutral(random)]).filter(
    (handle) => refusal(handle, policy) === undefined,
  );
}

/** Nothing is made from a reserved word: `admin2` would still claim to speak for somebody. */
function withoutReserved(words: readonly string[], policy: HandlePolicy): string[] {
  const reserved = (word: string) => refusal(word, policy)?.startsWith('reserved') === true;
  return reserved(words.join('')) ? [] : words.filter((word) => !reserved(word));
}

/** Ways to write one name: `john.doe`, `johndoe`, `john-doe`, `jdoe`, `johnd`. */
function combinations(words: readonly string[]): string[] {
  const first = words[0];
  const last = words.at(-1);
  if (first === undefined || last === undefined) return [];
  if (words.length === 1) return [first];
  return [
    `${first}.${last}`,
    `${first}${last}`,
    `${first}-${last}`,
    `${first.charAt(0)}${last}`,
    `${first}${last.charAt(0)}`,
    `${last}.${first}`,
  ];
}

/** One, two or four digits more: few people share a name and a large number. */
function numbered(roots: readonly string[], random: () => number): string[] {
  const short = roots.map((root) => trimmed(root.slice(0, handleLength.max - 4)));
  return [
    ...short.map((root) => `${root}2`),
    ...short.map((root) => `${root}${10 + below(90, random)}`),
    ...short.map((root) => `${root}${1000 + below(9000, random)}`),
  ];
}

function neutral(random: () => number): string[] {
  return [1, 2, 3].map(() => {
    const colour = colours[below(colours.length, random)];
    return `${colour}-${animals[below(animals.length, random)]}${10 + below(90, random)}`;
  });
}

function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit);
}

/** Makes a long name fit, and drops digits that no handle starts with. */
function trimmed(handle: string): string {
  return handle
    .replace(/^[^a-z]+/, '')
    .slice(0, handleLength.max)
    .replace(/[._-]+$/, '');
}

function unique(handles: readonly string[]): string[] {
  return [...new Set(handles)].filter((handle) => handle !== '');
}
