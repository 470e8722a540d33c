import { AppError } from '../errors.ts';
import { rowsOf } from '../files/rows.ts';

/** One handle that exists already, as an operator's file tells it. */
export type ImportRow = {
  /** Where the row stands in its file, counted from 1. */
  line: number;
  /** A localpart, or a whole Matrix ID of this server. */
  handle: string;
  /** The account that is to have it; without one it is only kept from everybody. */
  accountId?: string;
};

/**
 * Reads CSV (RFC 4180, first line names the columns) or JSON (an array of objects, or one object a
 * line). Read are `handle` and `account_id`; whatever else is there is ignored.
 *
 * @throws AppError `handle_import_unreadable` saying what is wrong where
 */
export function readImportFile(text: string, format: 'csv' | 'json'): ImportRow[] {
  return [...rowsOf(text, format, checkNames)].map((row) => {
    if ('problem' in row) throw unreadable(`line ${row.line} ${row.problem}`);
    const { line, fields } = row;
    const { handle, account_id: accountId } = format === 'csv' ? lowerCased(fields) : fields;
    if (typeof handle !== 'string') throw unreadable(`line ${line} has no handle`);
    return { line, handle, accountId: accountId ? String(accountId) : undefined };
  });
}

function checkNames(names: readonly string[]): void {
  if (!names.some((name) => name.toLowerCase() === 'handle')) {
    throw unreadable('the first line names no column "handle"');
  }
}

function unreadable(message: string): AppError {
  return new AppError('handle_import_unreadable', { message });
}

function lowerCased(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
