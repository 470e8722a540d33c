import { createReadStream } from 'node:fs';
import { AppError } from '../errors.ts';
import { type CheckNames, CsvRows } from './csv.ts';
import { JsonRows } from './json.ts';
import type { Row, RowParser } from './row.ts';

export type Format = 'csv' | 'json';

/**
 * The rows of a CSV file (by its name) or of JSON, one after the other: memory does not grow with
 * the file. Bytes that are not UTF-8 become U+FFFD, for whoever judges the row to refuse.
 *
 * @throws AppError `file_unreadable`
 */
export async function* readRows(path: string, checkNames?: CheckNames): AsyncGenerator<Row> {
  const parser = parserOf(formatOf(path), checkNames);
  const decoder = new TextDecoder();
  try {
    for await (const bytes of createReadStream(path)) {
      yield* parser.push(decoder.decode(bytes, { stream: true }));
    }
    yield* parser.push(decoder.decode());
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (!syscall) throw cause;
    throw new AppError('file_unreadable', { message: `${path} cannot be read (${code}).`, cause });
  }
  yield* parser.end();
}

function formatOf(path: string): Format {
  return /\.csv$/i.test(path) ? 'csv' : 'json';
}

function parserOf(format: Format, checkNames?: CheckNames): RowParser {
  return format === 'csv' ? new CsvRows(checkNames) : new JsonRows();
}

/** The same for a text that is in memory already. */
export function* rowsOf(text: string, format: Format, checkNames?: CheckNames): Generator<Row> {
  const parser = parserOf(format, checkNames);
  yield* parser.push(text.replace(/^\uFEFF/, ''));
  yield* parser.end();
}
