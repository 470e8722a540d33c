import { CsvError, parse } from 'csv-parse/sync';
import { type Line, Lines } from './lines.ts';
import { type BrokenRow, longestRow, type Row, type RowParser, tooLongRow } from './row.ts';

/** Called once with the names of the columns; may throw. */
export type CheckNames = (names: readonly string[]) => void;

type Cells = readonly string[];

/** A record whose quoted cell goes on in the next line. */
type OpenRecord = { line: number; text: string };

/**
 * CSV (RFC 4180) whose first record names the columns. Lines may end in any system's way, cells may
 * hold quotation marks, commas and line breaks, blank lines are left out. After a record that is
 * broken it goes on with the next line: so the parser gets the lines, not the file, which it would
 * give up at the first fault.
 */
export class CsvRows implements RowParser {
  readonly #checkNames: CheckNames;
  readonly #lines = new Lines(['\n', '\r']);
  #names: Cells | undefined;
  #open: OpenRecord | undefined;

  constructor(checkNames: CheckNames = () => {}) {
    this.#checkNames = checkNames;
  }

  push(text: string): Generator<Row> {
    return this.#rows(this.#lines.push(text));
  }

  *end(): Generator<Row> {
    yield* this.#rows([this.#lines.end()]);
    if (this.#open) yield strayQuotation(this.#open.line);
    if (!this.#names) this.#checkNames([]);
  }

  *#rows(lines: Iterable<Line>): Generator<Row> {
    let whole: Line[] = [];
    for (const line of lines) {
      if (!this.#open && hasPairs(line)) {
        whole.push(line);
        continue;
      }
      yield* this.#wholeRows(whole);
      whole = [];
      yield* this.#lineRow(line);
    }
    yield* this.#wholeRows(whole);
  }

  /**
   * Many at once, since setting up the parser takes longer than a line. Each is a record, unless one
   * is broken: then each has to tell for itself.
   */
  *#wholeRows(lines: readonly Line[]): Generator<Row> {
    const filled = lines.filter(({ text }) => text !== '');
    const records = read(filled.map(({ text }) => text).join('\n'));
    for (const [at, line] of filled.entries()) {
      if (typeof records === 'string') yield* this.#lineRow(line);
      else yield* this.#row(records[at] ?? [], line.line);
    }
  }

  /** What a line makes of the record that is open, or of a new one. */
  *#lineRow({ line, text, end }: Line): Generator<Row> {
    const open = this.#open;
    const record = { line: open?.line ?? line, text: `${open?.text ?? ''}${text}${end}` };
    this.#open = undefined;
    if (text === undefined || record.text.length - end.length > longestRow) {
      yield tooLongRow(record.line);
      return;
    }
    // In a quoted cell, a line is to the parser as if the cell began with it.
    const found = open && !text.includes('"') ? 'open' : read(`${open ? '"' : ''}${text}${end}`);
    if (found === 'open') this.#open = record;
    else if (found === 'broken') yield strayQuotation(record.line);
    else yield* this.#row((open ? cellsOf(record.text) : found)[0] ?? [], record.line);
  }

  *#row(cells: Cells, line: number): Generator<Row> {
    if (cells.join('') === '') return;
    const names = this.#names;
    if (!names) {
      this.#names = cells.map((name) => name.trim());
      this.#checkNames(this.#names);
    } else if (cells.length !== names.length) {
      yield { line, problem: `has ${cells.length} columns instead of ${names.length}` };
    } else {
      yield { line, fields: Object.fromEntries(names.map((name, at) => [name, cells[at]])) };
    }
  }
}

/** Whether a record that begins with this line also ends with it, unless it is broken. */
function hasPairs({ text }: Line): boolean {
  return text !== undefined && text.split('"').length % 2 === 1;
}

/** The records of a text, or that it ends within quotation marks, or has some where none may be. */
function read(text: string): Cells[] | 'open' | 'broken' {
  try {
    return cellsOf(text);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'open' : 'broken';
  }
}

function cellsOf(records: string): Cells[] {
  return parse(records, { recordDelimiter: ['\n', '\r'], relaxColumnCount: true });
}

function strayQuotation(line: number): BrokenRow {
  return { line, problem: 'has a stray quotation mark' };
}
