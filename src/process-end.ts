const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const millisecondsBetweenLooks = 500;
/** Ctrl-C comes twice, from the terminal and from npm, which passes it on. */
const millisecondsOfOneSignal = 1000;

/**
 * Calls back when this process is told to end: by a signal, or by the death of the npm that runs it,
 * which without a signal of its own would leave us behind. Told again, it is `impatient`.
 */
export function onStopRequested(end: (impatient: boolean) => void): void {
  let first: number | undefined;
  const tell = () => {
    if (first !== undefined && performance.now() - first < millisecondsOfOneSignal) return;
    end(first !== undefined);
    first ??= performance.now();
  };
  for (const signal of signals) process.on(signal, tell);
  if (process.env.npm_lifecycle_event) onParentGone(tell);
}

function onParentGone(tell: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    tell();
  }, millisecondsBetweenLooks);
  timer.unref();
}
