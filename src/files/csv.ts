import { longestRow, type Row, type RowParser } from './row.ts';

/** Called once with the names of the columns; may throw. */
export type CheckNames = (names: readonly string[]) => void;

type State = 'start' | 'plain' | 'quoted' | 'closed' | 'broken';

/**
 * CSV (RFC 4180) whose first record names the columns. Lines may end in any system's way, cells may
 * hold quotation marks, commas and line breaks, blank lines are left out. After a record that is
 * broken it goes on with the next line.
 */
export class CsvRows implements RowParser {
  readonly #checkNames: CheckNames;
  #names: string[] | undefined;
  #line = 1;
  #state: State = 'start';
  #begun = 1;
  #size = 0;
  #cells: string[] = [];
  #cell = '';

  constructor(checkNames: CheckNames = () => {}) {
    this.#checkNames = checkNames;
  }

  *push(text: string): Generator<Row> {
    for (const char of text) {
      const row = this.#take(char);
      if (char === '\n') this.#line += 1;
      if (this.#size === 0) this.#begun = this.#line;
      if (row) yield row;
    }
  }

  *end(): Generator<Row> {
    if (this.#state === 'quoted') {
      yield { line: this.#begun, problem: 'has a stray quotation mark' };
    } else if (this.#size > 0) {
      const row = this.#endRecord();
      if (row) yield row;
    }
    if (!this.#names) this.#checkNames([]);
  }

  #take(char: string): Row | undefined {
    const ends = (char === '\n' || char === '\r') && this.#state !== 'quoted';
    if (ends) return this.#endRecord();
    this.#size += 1;
    if (this.#state === 'broken') return undefined;
    if (this.#size > longestRow) return this.#break(`is longer than ${longestRow} characters`);
    if (this.#state === 'quoted') {
      if (char === '"') this.#state = 'closed';
      else this.#cell += char;
    } else if (char === ',') {
      this.#endCell();
    } else if (char === '"') {
      return this.#quote();
    } else if (this.#state === 'closed') {
      return this.#break('has a stray quotation mark');
    } else {
      this.#state = 'plain';
      this.#cell += char;
    }
    return undefined;
  }

  /** Opens a cell, or is the second of two that stand for one. */
  #quote(): Row | undefined {
    if (this.#state === 'plain') return this.#break('has a stray quotation mark');
    if (this.#state === 'closed') this.#cell += '"';
    this.#state = 'quoted';
    return undefined;
  }

  #break(problem: string): Row {
    this.#state = 'broken';
    return { line: this.#begun, problem };
  }

  #endCell(): void {
    this.#cells.push(this.#cell);
    this.#cell = '';
    this.#state = 'start';
  }

  #endRecord(): Row | undefined {
    const broken = this.#state === 'broken';
    this.#endCell();
    const [cells, line] = [this.#cells, this.#begun];
    this.#cells = [];
    this.#size = 0;
    if (broken || cells.join('') === '') return undefined;
    const names = this.#names;
    if (!names) {
      this.#names = cells.map((name) => name.trim());
      this.#checkNames(this.#names);
      return undefined;
    }
    if (cells.length !== names.length) {
      return { line, problem: `has ${cells.length} columns instead of ${names.length}` };
    }
    return { line, fields: Object.fromEntries(names.map((name, at) => [name, cells[at]])) };
  }
}
