import type { Row } from './compare.ts';
import { judge, type Outcome } from './targets.ts';

type Column = [title: string, of: (row: Row) => string];

const columns: readonly Column[] = [
  ['operation', (row) => row.operation],
  ['at', (row) => `${row.at}`],
  ['provider', (row) => row.peer],
  ['per s', (row) => number(row.rate)],
  ['p50 ms', (row) => number(row.p50)],
  ['p95 ms', (row) => number(row.p95)],
  ['p99 ms', (row) => number(row.p99)],
  ['CPU ms', (row) => number(row.cpu)],
  ['server', (row) => number(row.serverCpu)],
  ['PostgreSQL', (row) => number(row.postgresCpu)],
  ['queries', (row) => (row.queries === undefined ? '' : row.queries.toFixed(1))],
  ['errors', (row) => `${row.errors}`],
];

/** Everything as text: the table, what else was measured, and the targets. */
export function report(outcome: Outcome): string {
  const { rows, memory, coldStarts, clock, hashMs } = outcome;
  const lines = table(
    columns.map(([title]) => title),
    rows.map((row) => columns.map(([, of]) => of(row))),
  );
  const broken = rows.find((row) => row.firstError);
  if (broken)
    lines.push('', `First error: ${broken.operation}, ${broken.peer}: ${broken.firstError}`);
  lines.push('', `One Argon2id hash by itself takes ${number(hashMs)} ms of CPU.`, '');
  for (const { peer, idleMb, peakMb } of memory) {
    lines.push(`Memory of ${peer}: ${idleMb.toFixed(0)} MB idle, at most ${peakMb.toFixed(0)} MB.`);
  }
  if (coldStarts) {
    const { first, migrated, embeddedFirst, embedded } = coldStarts;
    lines.push(
      `Ready after ${seconds(first)} on an empty database, ${seconds(migrated)} on a migrated one;`,
      `with the embedded PostgreSQL after ${seconds(embeddedFirst)} at first, ${seconds(embedded)} later.`,
    );
  }
  if (clock) {
    const { what, known, unknown, spread } = clock;
    lines.push(
      `A ${what} is answered in ${number(known)} ms for known and ${number(unknown)} ms for unknown addresses (medians; half of all answers lie within ${number(spread)} ms).`,
    );
  }
  return [...lines, '', ...targets(outcome)].join('\n');
}

function targets(outcome: Outcome): string[] {
  return table(
    ['target', '', '', 'got', ''],
    judge(outcome).map(({ what, must, bound, unit, value, reached }) => [
      what,
      must,
      `${bound} ${unit}`,
      `${number(value)} ${unit}`,
      reached ? 'reached' : 'MISSED',
    ]),
  );
}

/** Columns wide enough for what is in them; the first to the left, what is a number to the right. */
function table(titles: readonly string[], cells: readonly string[][]): string[] {
  const all = [titles, ...cells];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const isNumber = titles.map((_, column) =>
    cells.every((row) => /^[\d.]*$/.test(row[column] ?? '')),
  );
  return all.map((row) =>
    row
      .map((cell, column) =>
        isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Three significant digits. */
function number(value: number): string {
  if (Number.isNaN(value)) return '';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}
