import type { GoLiveReport } from '../migration/go-live.ts';
import type { ImportReport } from '../migration/import/run.ts';
import type { MarkReport } from '../migration/mark-legacy.ts';
import type { MissingReport } from '../migration/missing-rooms.ts';
import type { LevelsReport } from '../migration/power-levels.ts';
import type { RollbackReport } from '../migration/rollback.ts';
import type { ValidatedRoom, ValidationReport } from '../migration/validate-rooms.ts';
import type { WithoutMatrixReport } from '../migration/without-matrix.ts';
import { instant } from '../text/instant.ts';
import { fields, type Report, table } from './report.ts';

/** Last lines of every report: how to do it, or how to undo it. */
function closing({ dryRun, rollbackFile }: { dryRun: boolean; rollbackFile?: string }) {
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

export function validated(report: ValidationReport): Report {
  const { rooms, versions, valid, missing, deserted, replaced, problems } = report;
  const lists = [
    ...rowsOf('valid', valid),
    ...rowsOf('replaced', replaced),
    ...rowsOf('deserted', deserted),
    ...rowsOf('missing', missing),
  ];
  const counts = fields({
    rooms,
    valid: valid.length,
    replaced: replaced.length || null,
    deserted: deserted.length || null,
    missing: missing.length,
    'no room id': problems.map(({ line }) => `line ${line}`),
    versions: Object.entries(versions).map(([version, count]) => `${version} (${count})`),
  });
  const list = table(['room', 'condition', 'tenant', 'entity', 'replaced by'], lists, 'No rooms.');
  return { data: report, text: `${list}\n\n${counts}` };
}

const rowsOf = (condition: string, rooms: readonly ValidatedRoom[]) =>
  rooms.map((room) => [room.roomId, condition, room.tenant, entityOf(room), room.replacement]);

function entityOf({ entityType, entitySlug }: { entityType?: string; entitySlug?: string }) {
  return entityType && [entityType, entitySlug].filter(Boolean).join(' ');
}

export function cleared(report: MissingReport): Report {
  const { dryRun, rooms } = report;
  const all = [
    ...report.cleared.map((room) => ({ room, what: dryRun ? 'to clear' : 'cleared' })),
    ...report.recreated.map((room) => ({ room, what: dryRun ? 'to make anew' : 'queued' })),
  ];
  const rows = all.map(({ room, what }) => [room.roomId, what, room.tenant, entityOf(room)]);
  const list = table(['room', '', 'tenant', 'entity'], rows, `All ${rooms} rooms are there.`);
  return { data: report, text: [list, ...closing(report)].join('\n') };
}

export function marked(report: MarkReport): Report {
  const verb = report.dryRun ? 'to mark' : 'marked';
  const rows = [
    ...report.marked.map((room) => [room.roomId, verb, entityOf(room)]),
    ...report.blocked.map(({ roomId, reason }) => [roomId, 'blocked', reason]),
    ...report.contradicting.map(({ roomId, says }) => [
      roomId,
      'says otherwise',
      JSON.stringify(says),
    ]),
    ...report.missing.map((roomId) => [roomId, 'missing', '']),
    ...report.problems.map(({ line, message }) => [`line ${line}`, 'left out', message]),
  ];
  const list = table(['room', '', ''], rows, 'All rooms have metadata.');
  return { data: report, text: [list, ...closing(report)].join('\n') };
}

export function levelled(report: LevelsReport): Report {
  const verb = report.dryRun ? 'to mend' : 'mended';
  const rows = [
    ...report.mended.map((room) => [room.roomId, verb, entityOf(room), differences(room)]),
    ...report.blocked.map((room) => [room.roomId, 'blocked', entityOf(room), room.reason]),
    ...report.missing.map((room) => [room.roomId, 'missing', entityOf(room), '']),
  ];
  const list = table(['room', '', 'entity', ''], rows, `All ${report.rooms} rooms are right.`);
  return { data: report, text: [list, ...closing(report)].join('\n') };
}

function differences({ people, others }: LevelsReport['mended'][number]): string {
  const changes = people.map(({ userId, level, wanted }) => `${userId} ${level} → ${wanted}`);
  return [...changes, ...(others ? ['what needs which level'] : [])].join(', ');
}

export function live(report: GoLiveReport): Report {
  const rows = [
    ...report.rooms.map((room) => [room.roomId, entityOf(room), room.strangers]),
    ...report.missing.map((roomId) => [roomId, 'missing', '']),
  ];
  const list = table(['room', 'entity', 'nobody gave a role to'], rows, 'No room is waiting.');
  return { data: report, text: [list, ...closing(report)].join('\n') };
}

export function withoutMatrix(report: WithoutMatrixReport): Report {
  const { users, counts } = report;
  const rows = users.map((user) => [
    ...[user.tenant, user.reason.replaceAll('_', ' '), user.handle && `@${user.handle}`],
    ...[user.platformSlug, user.accountId, user.error],
  ]);
  const headings = ['tenant', 'reason', 'handle', 'platform slug', 'account', ''];
  const list = table(headings, rows, 'Everybody is on Matrix.');
  const sums = Object.entries(counts).map(
    ([reason, count]) => `${count} ${reason.replaceAll('_', ' ')}`,
  );
  return {
    data: report,
    text: [list, ...(sums.length > 0 ? ['', sums.join(', ')] : [])].join('\n'),
  };
}
