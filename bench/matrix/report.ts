import type { Samples } from './samples.ts';

export type MatrixTarget = { what: string; bound: string; got: string; reached: boolean };

/** Which percentile of what must be below how many milliseconds. */
const bounds: Readonly<Record<string, number>> = {
  'room creation': 2000,
  'permission sync, API to client': 1000,
  'revoke, API to refused token': 1000,
  'message delivery': 100,
};

/** What is promised of rooms, and whether this run kept it. */
export function judgeMatrix(all: readonly Samples[]): MatrixTarget[] {
  const times = all.flatMap(({ what, p95 }) => {
    const bound = bounds[what];
    if (bound === undefined) return [];
    return [{ what: `${what}: p95`, bound: `${bound} ms`, got: ms(p95), reached: p95 <= bound }];
  });
  const starts = all.filter(({ what }) => what === 'sign-in to a started client');
  return [
    ...times,
    ...starts.map(({ count, failures }) => ({
      what: `client starts that succeed, of ${count}`,
      bound: '99 %',
      got: `${((100 * (count - failures)) / count).toFixed(1)} %`,
      reached: failures / count < 0.01,
    })),
  ];
}

export function matrixReport(all: readonly Samples[], targets: readonly MatrixTarget[]): string {
  const rows = [
    ['on Matrix', 'runs', 'p50', 'p95', 'most', 'failed'],
    ...all.map(({ what, count, p50, p95, max, failures }) => [
      what,
      `${count}`,
      ms(p50),
      ms(p95),
      ms(max),
      `${failures}`,
    ]),
  ];
  const judged = [
    ['target', 'bound', 'got', ''],
    ...targets.map(({ what, bound, got, reached }) => [
      what,
      bound,
      got,
      reached ? 'reached' : 'MISSED',
    ]),
  ];
  return [...aligned(rows), '', ...aligned(judged)].join('\n');
}

function aligned(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function ms(value: number): string {
  return Number.isNaN(value) ? '' : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
