import { record } from '../audit/events.ts';
import type { Database } from '../database/database.ts';
import { lockHandleKeys } from './handles.store.ts';
import { type ExistingHandle, findExisting, insertImported } from './import.store.ts';
import type { ImportRow } from './import-file.ts';
import { fitsMatrixId, isHistoricalLocalpart } from './rules.ts';

export type ImportConflict = {
  line: number;
  handle: string;
  reason:
    | 'not_a_localpart'
    | 'other_server'
    | 'matrix_id_too_long'
    | 'not_an_account_id'
    | 'duplicate'
    | 'unknown_account'
    | 'account_has_handle'
    | 'held'
    | 'taken';
};

export type ImportReport = {
  dryRun: boolean;
  rows: number;
  /** Added, or, in a dry run, what would be. */
  added: number;
  /** There already exactly as the file says, for instance from a run that was cut short. */
  present: number;
  conflicts: ImportConflict[];
};

export type ImportOptions = {
  serverName: string;
  dryRun: boolean;
  batchSize?: number;
  /** Each batch has a row in the audit, unless the caller writes one: who does it, and from where. */
  audit?: { actor: string; source: string };
};

/**
 * Enters handles that people have already. Names that a newcomer could not choose are welcome as
 * long as Matrix knew them; what the registry holds is never changed. Each batch is a transaction:
 * after an interruption the same file is simply imported again.
 */
export async function importHandles(
  db: Pick<Database, 'transaction'>,
  rows: readonly ImportRow[],
  { serverName, dryRun, batchSize = 500, audit }: ImportOptions,
): Promise<ImportReport> {
  const report: ImportReport = { dryRun, rows: rows.length, added: 0, present: 0, conflicts: [] };
  const sound = soundRows(rows, serverName, report);
  for (let start = 0; start < sound.length; start += batchSize) {
    const batch = sound.slice(start, start + batchSize);
    await importBatch(db, batch, report, audit);
  }
  report.conflicts.sort((a, b) => a.line - b.line);
  return report;
}

async function importBatch(
  db: Pick<Database, 'transaction'>,
  batch: readonly ImportRow[],
  report: ImportReport,
  audit: ImportOptions['audit'],
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockHandleKeys(
      tx,
      batch.map((row) => row.handle.toLowerCase()),
    );
    const found = await findExisting(tx, batch);
    const news = batch.filter((row, index) => {
      const existing = found[index];
      if (existing && isPresent(row, existing)) {
        report.present += 1;
        return false;
      }
      const reason = existing && conflictWith(row, existing);
      if (reason) report.conflicts.push({ line: row.line, handle: row.handle, reason });
      return !reason;
    });
    const added = report.dryRun ? undefined : await insertImported(tx, news);
    for (const { line, handle } of news) {
      if (!added || added.has(handle)) report.added += 1;
      else report.conflicts.push({ line, handle, reason: 'taken' });
    }
    if (audit && !report.dryRun) {
      const { actor, source } = audit;
      await record(tx, { action: 'handles.imported', actor, detail: { source } });
    }
  });
}

function isPresent(row: ImportRow, existing: ExistingHandle): boolean {
  if (existing.handle !== row.handle || existing.state === 'held') return false;
  return row.accountId ? existing.account_id === row.accountId : existing.imported === true;
}

function conflictWith(
  row: ImportRow,
  existing: ExistingHandle,
): ImportConflict['reason'] | undefined {
  if (existing.state === 'held') return 'held';
  if (existing.handle !== null) return 'taken';
  if (existing.accounts_handle !== null) return 'account_has_handle';
  return row.accountId && !existing.account_known ? 'unknown_account' : undefined;
}

/** What the file alone can tell; handles of the rest are localparts, accounts in lower case. */
function soundRows(
  rows: readonly ImportRow[],
  serverName: string,
  report: ImportReport,
): ImportRow[] {
  const handles = new Set<string>();
  const accounts = new Set<string>();
  return rows.flatMap((given) => {
    const row = { ...given, accountId: given.accountId?.toLowerCase() };
    const localpart = localpartOf(row.handle, serverName);
    if (localpart !== undefined) row.handle = localpart;
    const reason =
      localpart === undefined ? 'other_server' : faultOf(row, serverName, handles, accounts);
    if (reason) {
      report.conflicts.push({ line: row.line, handle: row.handle, reason });
      return [];
    }
    handles.add(row.handle.toLowerCase());
    if (row.accountId) accounts.add(row.accountId);
    return [row];
  });
}

/** Of `@localpart:server` for this server, or what has no `:` as it is. */
function localpartOf(handle: string, serverName: string): string | undefined {
  if (!handle.includes(':')) return handle;
  const suffix = `:${serverName}`;
  return handle.startsWith('@') && handle.endsWith(suffix)
    ? handle.slice(1, -suffix.length)
    : undefined;
}

function faultOf(
  row: ImportRow,
  serverName: string,
  handles: ReadonlySet<string>,
  accounts: ReadonlySet<string>,
): ImportConflict['reason'] | undefined {
  if (!isHistoricalLocalpart(row.handle)) return 'not_a_localpart';
  if (!fitsMatrixId(row.handle, serverName)) return 'matrix_id_too_long';
  if (handles.has(row.handle.toLowerCase())) return 'duplicate';
  if (!row.accountId) return undefined;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(row.accountId))
    return 'not_an_account_id';
  return accounts.has(row.accountId) ? 'account_has_handle' : undefined;
}
