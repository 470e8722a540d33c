import { AppError } from '../errors.ts';

/** One handle that exists already, as an operator's file tells it. */
export type ImportRow = {
  /** Where the row stands in its file, counted from 1. */
  line: number;
  /** A localpart, or a whole Matrix ID of this server. */
  handle: string;
  /** The account that is to have it; without one it is only kept from everybody. */
  accountId?: string;
};

type Row = { line: number; fields: Record<string, unknown> };

/**
 * Reads CSV (RFC 4180, first line names the columns) or JSON (an array of objects, or one object a
 * line). Read are `handle` and `account_id`; whatever else is there is ignored.
 *
 * @throws AppError `handle_import_unreadable` saying what is wrong where
 */
export function readImportFile(text: string, format: 'csv' | 'json'): ImportRow[] {
  const rows = format === 'csv' ? csvRows(text) : jsonRows(text);
  return rows.map(({ line, fields }) => {
    const { handle, account_id: accountId } = fields;
    if (typeof handle !== 'string') throw unreadable(`line ${line} has no handle`);
    return { line, handle, accountId: accountId ? String(accountId) : undefined };
  });
}

function unreadable(message: string, cause?: unknown): AppError {
  return new AppError('handle_import_unreadable', { message, cause });
}

function jsonRows(text: string): Row[] {
  const found = text.trimStart().startsWith('[')
    ? (parseJson(text, 'the file') as unknown[]).map((value, index) => ({ line: index + 1, value }))
    : text
        .split('\n')
        .map((json, index) => ({ line: index + 1, json }))
        .filter(({ json }) => json.trim() !== '')
        .map(({ line, json }) => ({ line, value: parseJson(json, `line ${line}`) }));
  return found.map(({ line, value }) => ({ line, fields: Object(value) as Row['fields'] }));
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(`${where} is not JSON`, cause);
  }
}

function csvRows(text: string): Row[] {
  const [header, ...records] = csvRecords(text.replace(/^\uFEFF/, ''));
  const names = header?.cells.map((name) => name.trim().toLowerCase()) ?? [];
  if (!names.includes('handle')) throw unreadable('the first line names no column "handle"');
  return records.map(({ line, cells }) => {
    if (cells.length !== names.length) {
      throw unreadable(`line ${line} has ${cells.length} columns instead of ${names.length}`);
    }
    return { line, fields: Object.fromEntries(names.map((name, at) => [name, cells[at]])) };
  });
}

/** A cell is quoted or plain, and ends at a comma, a line break or the end. */
function csvRecords(text: string): { line: number; cells: string[] }[] {
  const records: { line: number; cells: string[] }[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let record = { line: 1, cells: [] as string[] };
  let line = 1;
  while (cell.lastIndex < text.length || record.cells.length > 0) {
    const match = cell.exec(text);
    if (!match) throw unreadable(`line ${line} has a stray quotation mark`);
    const [whole, quoted, plain = '', end] = match;
    record.cells.push(quoted?.replaceAll('""', '"') ?? plain);
    line += whole.split('\n').length - 1;
    if (end === ',') continue;
    if (record.cells.join('') !== '') records.push(record);
    record = { line, cells: [] };
  }
  return records;
}
