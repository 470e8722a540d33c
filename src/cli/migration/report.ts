import { fields, instant, type Report, table } from '../report.ts';
import type { ImportReport } from './import/run.ts';
import type { RollbackReport } from './rollback.ts';

/** Last lines of every report: how to do it, or how to undo it. */
export function closing({ dryRun, rollbackFile }: { dryRun: boolean; rollbackFile?: string }) {
  if (dryRun) return ['Nothing was changed: add --apply to do it.'];
  if (!rollbackFile) return ['Nothing had to be changed.'];
  return [`To undo it: openmeet-id migration rollback ${rollbackFile} --apply`];
}

export function imported(report: ImportReport): Report {
  const { dryRun, lines, changed, present, overruled, unbound, problems, ignored } = report;
  const counts = fields({
    lines,
    [dryRun ? 'would be done' : 'done']: changed,
    'so already': present,
    'something newer is known': overruled || null,
    'name no account': unbound || null,
    'left out': problems.length || null,
    'as of': instant(report.asOf),
    'columns that mean nothing': ignored,
  });
  const rows = problems.map(({ line, reason, message }) => [line, reason, message]);
  const list = rows.length > 0 ? [table(['line', 'reason', ''], rows, '')] : [];
  return { data: report, text: [counts, ...list, ...closing(report)].join('\n') };
}

export function rolledBack(report: RollbackReport): Report {
  const { dryRun, of, at, changes, undone, present, refused } = report;
  const counts = fields({
    'changes of': `${of}, ${at}`,
    changes,
    [dryRun ? 'would be undone' : 'undone']: undone,
    'as before already': present,
    'left as they are': refused.length || null,
  });
  const rows = refused.map(({ kind, key, reason }) => [kind, key.join(' '), reason]);
  const list = rows.length > 0 ? [table(['what', 'which', 'reason'], rows, '')] : [];
  return { data: report, text: [counts, ...list, ...closing(report)].join('\n') };
}
