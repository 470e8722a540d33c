import { type Line, Lines } from './lines.ts';
import { longestRow, type Row, type RowParser, tooLongRow } from './row.ts';

/** One object a line, or an array of objects: whichever the file begins with. */
export class JsonRows implements RowParser {
  #parser: RowParser | undefined;
  /** Blank lines at the top. */
  #blank = '';

  push(text: string): Iterable<Row> {
    if (this.#parser) return this.#parser.push(text);
    this.#blank += text;
    const start = text.trimStart();
    if (start === '') return [];
    this.#parser = start.startsWith('[') ? new JsonArray() : new JsonLines();
    return this.#parser.push(this.#blank);
  }

  end(): Iterable<Row> {
    return this.#parser?.end() ?? [];
  }
}

class JsonLines implements RowParser {
  readonly #lines = new Lines(['\n']);

  *push(text: string): Generator<Row> {
    for (const line of this.#lines.push(text)) yield* rowOf(line);
  }

  end(): Iterable<Row> {
    return rowOf(this.#lines.end());
  }
}

function rowOf({ line, text }: Line): Row[] {
  if (text === undefined) return [tooLongRow(line)];
  return text.trim() === '' ? [] : [parsed(text, line)];
}

/**
 * Cuts an array into its elements, without ever holding more than one of them. By hand: decision 0019.
 */
class JsonArray implements RowParser {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #over = false;
  #place = 0;
  #element = '';
  #length = 0;

  *push(text: string): Generator<Row> {
    for (const char of text) {
      const row = this.#next(char);
      if (row) yield row;
    }
  }

  *end(): Generator<Row> {
    if (!this.#over) yield { line: this.#place + 1, problem: 'is not JSON: the array never ends' };
    else if (this.#element.trim() !== '') {
      yield { line: this.#place + 1, problem: 'stands behind the end of the array' };
    }
  }

  #next(char: string): Row | undefined {
    if (this.#over) this.#keep(char);
    else if (this.#inString) this.#takeInString(char);
    else return this.#take(char);
    return undefined;
  }

  #takeInString(char: string): void {
    this.#keep(char);
    if (this.#escaped) this.#escaped = false;
    else if (char === '\\') this.#escaped = true;
    else if (char === '"') this.#inString = false;
  }

  #take(char: string): Row | undefined {
    if (char === '[' || char === '{') {
      this.#depth += 1;
      if (this.#depth === 1) return undefined;
    } else if (char === ']' || char === '}') {
      this.#depth -= 1;
      if (this.#depth === 0) {
        this.#over = true;
        return this.#endElement({ last: true });
      }
    } else if (char === ',' && this.#depth === 1) {
      return this.#endElement();
    }
    this.#inString = char === '"';
    this.#keep(char);
    return undefined;
  }

  #keep(char: string): void {
    this.#length += 1;
    if (this.#length <= longestRow) this.#element += char;
  }

  #endElement({ last = false } = {}): Row | undefined {
    const [json, length] = [this.#element, this.#length];
    this.#element = '';
    this.#length = 0;
    if (last && json.trim() === '') return undefined;
    this.#place += 1;
    return length > longestRow ? tooLongRow(this.#place) : parsed(json, this.#place);
  }
}

function parsed(json: string, line: number): Row {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { line, problem: 'is not JSON' };
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { line, fields: value as Record<string, unknown> };
  }
  return { line, problem: 'is not a JSON object' };
}
