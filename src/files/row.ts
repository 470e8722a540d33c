/** One row of a file that an operator gave, or what stands in its place. */
export type Row = SoundRow | BrokenRow;

/** `line` is where it begins, counted from 1; in a JSON array the place among its elements. */
export type SoundRow = { line: number; fields: Readonly<Record<string, unknown>> };

/** `problem` goes on where a sentence about the line began: "has a stray quotation mark". */
export type BrokenRow = { line: number; problem: string };

/** Takes a file in pieces and gives its rows as soon as they are whole. */
export interface RowParser {
  push(text: string): Iterable<Row>;
  end(): Iterable<Row>;
}

/** Characters of a row. A quotation mark that is never closed must not swallow a whole file. */
export const longestRow = 64 * 1024;

export function tooLongRow(line: number): BrokenRow {
  return { line, problem: `is longer than ${longestRow} characters` };
}
