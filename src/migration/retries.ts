import { setTimeout as pause } from 'node:timers/promises';
import { SynapseError } from '../matrix/synapse-error.ts';

const pausesMs = [500, 2000, 5000];

/** Asks Synapse again where that may help. */
export async function withRetries<T>(ask: () => Promise<T>): Promise<T> {
  for (const ms of pausesMs) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof SynapseError) || error.kind !== 'retry') throw error;
      await pause(error.retryAfterMs ?? ms);
    }
  }
  return ask();
}
