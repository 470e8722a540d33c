import type { Database } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { type ImportReport, importHandles } from './import.ts';
import { normaliseHandle } from './rules.ts';

export type ReserveOrder = {
  handles: readonly string[];
  serverName: string;
  actor: string;
  /** Where it is done, as the audit tells it. */
  source: string;
};

/**
 * Keeps handles from everybody, for ever: all of them, or none.
 *
 * @throws AppError `handle_unavailable` (409) for the first that somebody has or holds
 */
export async function reserveHandles(
  database: Pick<Database, 'transaction'>,
  { handles, serverName, ...audit }: ReserveOrder,
): Promise<ImportReport> {
  const rows = handles.map((typed, at) => ({
    line: at + 1,
    handle: normaliseHandle(typed, serverName),
  }));
  return database.transaction(async (tx) => {
    const report = await importHandles({ transaction: (work) => work(tx) }, rows, {
      serverName,
      dryRun: false,
      audit,
    });
    const [conflict] = report.conflicts;
    if (!conflict) return report;
    throw new AppError('handle_unavailable', {
      message: `@${conflict.handle} cannot be reserved: ${conflict.reason.replaceAll('_', ' ')}. Nothing was changed.`,
      details: { reason: conflict.reason },
    });
  });
}
