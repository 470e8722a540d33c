import { setTimeout as pause } from 'node:timers/promises';

export type Patience = {
  /** For the error: what was waited for. */
  what: string;
  /** Milliseconds; 30 seconds unless given. */
  timeout?: number;
  /** Milliseconds between two looks. */
  every?: number;
};

/**
 * What `look` answers, as soon as it answers something.
 * @throws Error naming `what` after the timeout
 */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { what, timeout = 30_000, every = 20 }: Patience,
): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`Waited ${timeout} ms in vain for ${what}`);
    await pause(every);
  }
}
