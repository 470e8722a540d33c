import { instant } from '../text/instant.ts';
/** What a command has to say: `data` for programs, `text` for people. */
export type Report = { data: unknown; text: string };

type Cell = string | number | boolean | Date | readonly string[] | null | undefined;

/** Columns under their headings, or `empty` where there is nothing to show. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  empty: string,
): string {
  if (rows.length === 0) return empty;
  const lines = [headings.map((heading) => heading.toUpperCase()), ...rows.map(shown)];
  const widths = headings.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

/** One thing, a line for each of its properties; what is empty is left out. */
export function fields(properties: Readonly<Record<string, Cell>>): string {
  const lines = Object.entries(properties).flatMap(([name, value]) => linesOf(name, value));
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** Lists that are long stand one below the other. */
function linesOf(name: string, value: Cell): (readonly [string, string])[] {
  const whole = cell(value);
  if (!Array.isArray(value) || whole.length < 60) return whole === '' ? [] : [[name, whole]];
  return value.map((item, at) => [at === 0 ? name : '', cell(item)]);
}

function shown(row: readonly Cell[]): string[] {
  return row.map(cell);
}

/** Nothing that people or files told us may move the cursor or turn the line around. */
function cell(value: Cell): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (value instanceof Date) return instant(value);
  const text = Array.isArray(value) ? value.join(', ') : String(value);
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '');
}
