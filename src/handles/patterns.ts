import { matrixId } from './rules.ts';

const longestSource = 200;

/**
 * JavaScript's expressions backtrack, and 30 characters are enough for `(a+)+$` to take minutes.
 * With few places that leave a choice, and none inside a repetition, they take milliseconds.
 */
const mostChoices = 5;

/** Handles with nothing in common: a pattern that finds itself in each of them reserves all. */
const dissimilar = ['abc', 'zj7', 'mno.p4', 'k_8-t', 'qwx-vh.yqwx-vh.yqwx-vh.yqwx-vh'];

export type Patterns = {
  readonly expressions: readonly RegExp[];
  /** One line for each pattern that cannot be used, in words for the operator. */
  readonly problems: readonly string[];
};

/** Searched for anywhere in a handle; `^` and `$` tie a pattern to its ends. */
export function handlePatterns(sources: readonly string[]): Patterns {
  return compileAll('handle pattern', sources, '', (handle) => handle);
}

/**
 * The `regex` of exclusive `users` namespaces in application service registrations. Synapse
 * matches them against the Matrix ID from its start, but not to its end.
 */
export function namespacePatterns(sources: readonly string[], serverName: string): Patterns {
  return compileAll('application service namespace', sources, '^', (handle) =>
    matrixId(handle, serverName),
  );
}

function compileAll(
  what: string,
  sources: readonly string[],
  start: '' | '^',
  subject: (handle: string) => string,
): Patterns {
  const expressions: RegExp[] = [];
  const problems: string[] = [];
  for (const source of sources) {
    const problem = fault(source);
    const expression = problem ? undefined : new RegExp(`${start}(?:${source})`);
    if (problem) {
      problems.push(`${what} ${JSON.stringify(source)} ${problem}`);
    } else if (expression && dissimilar.every((handle) => expression.test(subject(handle)))) {
      problems.push(`${what} ${JSON.stringify(source)} would reserve every handle`);
    } else if (expression) {
      expressions.push(expression);
    }
  }
  return { expressions, problems };
}

function fault(source: string): string | undefined {
  if (source.trim() === '') return 'is empty';
  if (source.length > longestSource) return `is longer than ${longestSource} characters`;
  try {
    new RegExp(source);
  } catch {
    return 'is not a valid regular expression';
  }
  return danger(source);
}

/** How a valid expression could take too long. Careful rather than exact: it may refuse good ones. */
function danger(source: string): string | undefined {
  if (/\\[1-9k]/.test(source)) return 'refers back to a group';
  // An escape or a class is one character; what kind of group it is does not matter here.
  let rest = source
    .replace(/\\./g, 'x')
    .replace(/\[[^\]]*\]/g, 'x')
    .replace(/\(\?(?:<?[=!]|:|<\w+>)/g, '(');
  let choices = rest.match(/[*+?{]\??/g)?.length ?? 0;
  // Innermost groups first; one that leaves a choice stays behind as a `|`.
  for (;;) {
    const group = /\(([^()]*)\)(?=([*+{]?))/.exec(rest);
    if (!group) break;
    const [whole, body = '', repetition] = group;
    const leavesChoice = /[*+?{|]/.test(body);
    if (leavesChoice && repetition) return 'repeats a part that holds a repetition or a choice';
    if (body.includes('|')) choices += 1;
    rest = rest.replace(whole, leavesChoice ? '|' : 'x');
  }
  return choices > mostChoices ? `has more than ${mostChoices} repetitions and choices` : undefined;
}
