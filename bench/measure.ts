import { cpuOf, withChildren } from './processes.ts';

/** One flow, from beginning to end. */
export type Flow = () => Promise<void>;

export type Watched = {
  /** The provider's processes. */
  servers: readonly number[];
  /** The postmaster. */
  postgres: number;
};

/** What one stretch of time saw; stretches of one kind are added up. */
export type Stretch = {
  seconds: number;
  /** Milliseconds of each flow that succeeded. */
  latencies: number[];
  errors: string[];
  serverCpuMs: number;
  postgresCpuMs: number;
};

export type Result = {
  flows: number;
  errors: number;
  firstError?: string;
  /** Flows per second. */
  rate: number;
  p50: number;
  p95: number;
  p99: number;
  /** CPU milliseconds per flow. */
  serverCpu: number;
  postgresCpu: number;
  cpu: number;
};

/** Runs flows for some time, `concurrency` at once. */
export async function stretch(
  flow: Flow,
  { concurrency, milliseconds }: { concurrency: number; milliseconds: number },
  watched: Watched,
): Promise<Stretch> {
  const latencies: number[] = [];
  const errors: string[] = [];
  const before = cpuNow(watched);
  const start = performance.now();
  const runner = async () => {
    while (performance.now() - start < milliseconds) {
      const began = performance.now();
      try {
        await flow();
        latencies.push(performance.now() - began);
      } catch (error) {
        errors.push((error as Error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, runner));
  const seconds = (performance.now() - start) / 1000;
  const after = cpuNow(watched);
  return {
    seconds,
    latencies,
    errors,
    serverCpuMs: after.servers - before.servers,
    postgresCpuMs: after.postgres - before.postgres,
  };
}

export function summarise(stretches: readonly Stretch[]): Result {
  const sum = (of: (one: Stretch) => number) => stretches.reduce((all, one) => all + of(one), 0);
  const latencies = Float64Array.from(stretches.flatMap((one) => one.latencies)).sort();
  const errors = stretches.flatMap((one) => one.errors);
  const flows = latencies.length;
  const serverCpu = sum((one) => one.serverCpuMs) / flows;
  const postgresCpu = sum((one) => one.postgresCpuMs) / flows;
  return {
    flows,
    errors: errors.length,
    firstError: errors[0],
    rate: flows / sum((one) => one.seconds),
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    p99: quantile(latencies, 0.99),
    serverCpu,
    postgresCpu,
    cpu: serverCpu + postgresCpu,
  };
}

/** @param sorted ascending */
export function quantile(sorted: ArrayLike<number>, fraction: number): number {
  const last = sorted.length - 1;
  return sorted[Math.min(last, Math.floor(fraction * sorted.length))] ?? Number.NaN;
}

function cpuNow({ servers, postgres }: Watched) {
  return { servers: cpuOf(servers), postgres: cpuOf(withChildren(postgres)) };
}
