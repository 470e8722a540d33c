import { reasonOf } from '../errors.ts';

/** What the doctor says about one thing. */
export type Finding = {
  /** Stable: programs look for it. */
  name: string;
  status: 'ok' | 'warn' | 'fail';
  message: string;
  /** How to mend it, where it is not ok. */
  mend?: string;
};

export const ok = (name: string, message: string): Finding => ({ name, status: 'ok', message });

export const warning = (name: string, message: string, mend: string): Finding => ({
  name,
  status: 'warn',
  message,
  mend,
});

export const failure = (name: string, message: string, mend: string): Finding => ({
  name,
  status: 'fail',
  message,
  mend,
});

/** Findings of one part; whatever goes wrong in looking is a finding too. */
export async function look(
  name: string,
  mend: string,
  work: () => Promise<Finding | Finding[]>,
): Promise<Finding[]> {
  try {
    const found = await work();
    return Array.isArray(found) ? found : [found];
  } catch (error) {
    return [failure(name, reasonWithCause(error), mend)];
  }
}

function reasonWithCause(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause;
  return cause ? `${reasonOf(error)} (${reasonOf(cause)})` : reasonOf(error);
}

/** Of an address that must answer soon. */
export async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.json();
}
