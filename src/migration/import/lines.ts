import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';
import { readRows } from '../../files/rows.ts';
import { plainName, readFields } from './fields.ts';
import type { Fault, ImportKind, Line } from './kind.ts';

export type Problem = Fault & { line: number };

/**
 * The lines of a file that make sense by themselves. Of all others `problems` is told; a line about
 * what an earlier one was about is one of them, unless it says the same.
 *
 * @throws AppError `file_unreadable`, `import_unreadable` when the file is something else altogether
 */
export async function* soundLines<Value>(
  path: string,
  kind: ImportKind<Value>,
  told: {
    problem(problem: Problem): void;
    ignored(column: string): void;
    read(line: number): void;
  },
): AsyncGenerator<Line<Value>> {
  const repetition = new Repetitions(kind);
  for await (const row of readRows(path, (names) => checkColumns(names, kind))) {
    told.read(row.line);
    const { line } = row;
    if ('problem' in row) {
      told.problem({ line, reason: 'unreadable', message: row.problem });
      continue;
    }
    const { read, ignored } = readFields(row.fields, kind.columns);
    for (const column of ignored) told.ignored(column);
    const value = judged(kind, read);
    const fault = 'fault' in value ? value.fault : repetition.of(value.value, line);
    if (fault) told.problem({ line, ...fault });
    else if ('value' in value) yield { line, value: value.value };
  }
}

function judged<Value>(
  { schema }: ImportKind<Value>,
  fields: Record<string, unknown>,
): { value: Value } | { fault: Fault } {
  if (Object.values(fields).some((it) => typeof it === 'string' && it.includes('\uFFFD'))) {
    return { fault: { reason: 'not_utf8', message: 'Write the file as UTF-8.' } };
  }
  const parsed = schema.safeParse(fields);
  if (parsed.success) return { value: parsed.data };
  const message = parsed.error.issues
    .map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '))
    .join('; ');
  return { fault: { reason: 'invalid', message } };
}

type Earlier = { line: number; said: string };

/** Keeps fingerprints of what lines were about: what they were takes too much room. */
class Repetitions<Value> {
  readonly #kind: ImportKind<Value>;
  readonly #subjects = new Map<string, Earlier>();
  readonly #claims = new Map<string, Earlier>();

  constructor(kind: ImportKind<Value>) {
    this.#kind = kind;
  }

  of(value: Value, line: number): Fault | undefined {
    const subject = this.#kind.subject(value);
    const claim = this.#kind.claim?.(value);
    const claimed = claim && contradicted(this.#claims, claim, { line, said: digest(subject) });
    if (claimed) {
      return { reason: 'duplicate', message: `Line ${claimed.line} gives it to another.` };
    }
    const said = digest(JSON.stringify(value));
    const earlier = contradicted(this.#subjects, subject, { line, said });
    if (!earlier) return undefined;
    return {
      reason: 'duplicate',
      message: `Line ${earlier.line} says something else of the same.`,
    };
  }
}

/** The earlier one that says something else. */
function contradicted(seen: Map<string, Earlier>, key: string, now: Earlier): Earlier | undefined {
  const place = digest(key);
  const earlier = seen.get(place);
  if (!earlier) seen.set(place, now);
  return earlier?.said === now.said ? undefined : earlier;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

function checkColumns<Value>(names: readonly string[], { columns, schema }: ImportKind<Value>) {
  const given = new Set(names.map((name) => columns[plainName(name)]));
  const empty = schema.safeParse({});
  const missing = (empty.error?.issues ?? [])
    .map(({ path: [property] }) => String(property))
    .filter((property) => property !== 'undefined' && !given.has(property as never));
  if (missing.length === 0) return;
  throw new AppError('import_unreadable', {
    message: `The first line must name the columns; missing: ${missing.join(', ')}.`,
    details: { missing },
  });
}
