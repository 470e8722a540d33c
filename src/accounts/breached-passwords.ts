import { createHash } from 'node:crypto';
import { opaqueString } from './password-rules.ts';

/** Longer than a good answer takes, shorter than people wait. */
const patienceMs = 2_000;
/** A padded answer has about a thousand lines of at most fifty characters. */
const longestAnswer = 512 * 1024;

export type BreachCounts = { breached: number; clear: number; failed: number };

/**
 * Asks a server that speaks the range API of Have I Been Pwned whether a password was in a breach. It
 * is told the first five of the forty digits of the password's SHA-1 hash, which some hundreds of
 * breached passwords share; the answer is padded, so that its length tells nothing to whoever watches.
 *
 * A server that does not answer well must not keep anybody from setting a password: that counts as no.
 */
export class BreachedPasswords {
  readonly #rangeUrl: string | undefined;
  readonly #onFailure: (error: unknown) => void;
  /** Since the start. */
  readonly counts: BreachCounts = { breached: 0, clear: 0, failed: 0 };

  /** @param rangeUrl what the five digits are put behind; nothing where nobody is to be asked */
  constructor(rangeUrl: string | undefined, onFailure: (error: unknown) => void) {
    this.#rangeUrl = rangeUrl;
    this.#onFailure = onFailure;
  }

  async has(password: string): Promise<boolean> {
    if (!this.#rangeUrl) return false;
    const hash = createHash('sha1').update(opaqueString(password)).digest('hex').toUpperCase();
    try {
      const answer = await ask(`${this.#rangeUrl.replace(/\/*$/, '/')}${hash.slice(0, 5)}`);
      const breached = countIn(answer, hash.slice(5)) > 0;
      this.counts[breached ? 'breached' : 'clear'] += 1;
      return breached;
    } catch (error) {
      this.counts.failed += 1;
      this.#onFailure(error);
      return false;
    }
  }
}

async function ask(url: string): Promise<string> {
  const response = await fetch(url, {
    headers: { 'add-padding': 'true', 'user-agent': 'openmeet-id', accept: 'text/plain' },
    redirect: 'error',
    signal: AbortSignal.timeout(patienceMs),
  });
  if (response.status !== 200 || !response.body) {
    await response.body?.cancel();
    throw new Error(`The answer about breached passwords has status ${response.status}.`);
  }
  let answer = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    answer += chunk;
    if (answer.length > longestAnswer)
      throw new Error('The answer about breached passwords is too long.');
  }
  return answer;
}

/** Of a list of `SUFFIX:COUNT`; what only pads it counts 0. @throws Error for anything else */
function countIn(answer: string, suffix: string): number {
  let found = 0;
  for (const line of answer.split('\n')) {
    if (line.trim() === '') continue;
    const [, listed, count] = /^([0-9A-F]{35}):(\d{1,12})\r?$/i.exec(line) ?? [];
    if (!listed) throw new Error('The answer about breached passwords is no list of hashes.');
    if (listed.toUpperCase() === suffix) found = Number(count);
  }
  return found;
}
