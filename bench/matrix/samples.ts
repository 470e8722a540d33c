/** Milliseconds that single things took. */
export type Samples = {
  what: string;
  count: number;
  p50: number;
  p95: number;
  max: number;
  failures: number;
};

/** Sums up what `count` runs of a thing took; those that failed took nothing. */
export function samplesOf(what: string, milliseconds: readonly number[], failures = 0): Samples {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  return {
    what,
    count: milliseconds.length + failures,
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    max: sorted.at(-1) ?? Number.NaN,
    failures,
  };
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Runs it so often, one after the other. */
export async function time(
  what: string,
  runs: number,
  run: (index: number) => Promise<number>,
): Promise<Samples> {
  const taken: number[] = [];
  for (let index = 0; index < runs; index += 1) taken.push(await run(index));
  return samplesOf(what, taken);
}

/** Milliseconds from now until `reached` settles; `act` is what leads there. */
export async function until(act: () => Promise<unknown>, reached: Promise<unknown>) {
  const start = performance.now();
  await Promise.all([act(), reached]);
  return performance.now() - start;
}
