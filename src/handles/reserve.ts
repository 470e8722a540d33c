import { basename } from 'node:path';
import { record } from '../audit/events.ts';
import { readFile } from '../cli/options.ts';
import type { Cli } from '../cli/run.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { type ImportReport, importHandles } from './import.ts';
import { type ImportRow, readImportFile } from './import-file.ts';
import { normaliseHandle } from './rules.ts';

/** @throws AppError `handle_import_unreadable`, `file_unreadable`, `bad_input` */
export async function importFile(
  cli: Cli,
  file: string,
  { apply = false, dryRun = false }: { apply?: boolean; dryRun?: boolean },
): Promise<ImportReport> {
  if (apply && dryRun) {
    throw new AppError('bad_input', { message: 'Give either --apply or --dry-run.' });
  }
  const format = /\.csv$/i.test(file) ? 'csv' : 'json';
  const rows = readImportFile(readFile(file).toString(), format);
  return audited(cli, rows, { dryRun: !apply, source: basename(file).slice(0, 100) });
}

/** @throws AppError `handle_unavailable` (409) for the first that somebody has or holds */
export async function reserve(cli: Cli, handles: readonly string[]): Promise<ImportReport> {
  const { database, config } = cli;
  const rows = handles.map((typed, at) => ({
    line: at + 1,
    handle: normaliseHandle(typed, config.matrix.serverName),
  }));
  return database.transaction(async (tx) => {
    const report = await audited({ ...cli, database: within(tx) }, rows, {
      dryRun: false,
      source: 'command line',
    });
    const [conflict] = report.conflicts;
    if (!conflict) return report;
    throw new AppError('handle_unavailable', {
      message: `@${conflict.handle} cannot be reserved: ${conflict.reason.replaceAll('_', ' ')}. Nothing was changed.`,
      details: { reason: conflict.reason },
    });
  });
}

type Transactions = { transaction: Cli['database']['transaction'] };

/** Every batch of an import with its audit row, in its transaction. */
function audited(
  { database, config }: { database: Transactions; config: Cli['config'] },
  rows: readonly ImportRow[],
  { dryRun, source }: { dryRun: boolean; source: string },
): Promise<ImportReport> {
  const transactions: Transactions = {
    transaction: (work) =>
      database.transaction(async (tx) => {
        const result = await work(tx);
        if (!dryRun) {
          await record(tx, { action: 'handles.imported', actor: 'operator', detail: { source } });
        }
        return result;
      }),
  };
  return importHandles(transactions, rows, { serverName: config.matrix.serverName, dryRun });
}

/** For work that asks for a transaction and is to be part of this one. */
function within(tx: Transaction): Transactions {
  return { transaction: (work) => work(tx) };
}
