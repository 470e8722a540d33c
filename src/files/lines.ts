import { longestRow } from './row.ts';

/** `text` is missing where a row may not be as long as that; `end` is what ended it. */
export type Line = { line: number; text: string | undefined; end: string };

/** Cuts a file that comes in pieces into its lines, and holds no more than one of them. */
export class Lines {
  readonly #ends: readonly string[];
  readonly #cuts: RegExp;
  #line = 1;
  #rest = '';
  #tooLong = false;

  /** @param ends characters; only behind a line feed the count goes on */
  constructor(ends: readonly string[]) {
    this.#ends = ends;
    this.#cuts = new RegExp(`(?<=[${ends.join('')}])`);
  }

  *push(text: string): Generator<Line> {
    for (const part of text.split(this.#cuts)) {
      const end = this.#ends.find((it) => part.endsWith(it)) ?? '';
      this.#keep(end ? part.slice(0, -1) : part);
      if (end) yield this.#take(end);
    }
  }

  /** What stands behind the last end of a line. */
  end(): Line {
    return this.#take('');
  }

  #keep(text: string): void {
    this.#tooLong ||= this.#rest.length + text.length > longestRow;
    this.#rest = this.#tooLong ? '' : this.#rest + text;
  }

  #take(end: string): Line {
    const line = { line: this.#line, text: this.#tooLong ? undefined : this.#rest, end };
    this.#rest = '';
    this.#tooLong = false;
    if (end === '\n') this.#line += 1;
    return line;
  }
}
