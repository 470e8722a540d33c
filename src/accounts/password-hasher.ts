import * as argon2 from '@node-rs/argon2';
import type { Config } from '../config/config.ts';
import { opaqueString } from './password-rules.ts';
import { Turnstile } from './turnstile.ts';

type Settings = Config['passwordHash'];

/** Some seconds' worth of hashes: whoever comes after that is better told at once. */
const defaultMaxWaiting = 512;

/** Argon2id (RFC 9106). Every call hashes exactly once, whoever the password is for. */
export class PasswordHasher {
  readonly #parameters: { memoryCost: number; timeCost: number; parallelism: number };
  readonly #dummy: string;
  readonly #turnstile: Turnstile;
  #hashes = 0;

  constructor(settings: Settings, { maxWaiting = defaultMaxWaiting } = {}) {
    this.#parameters = {
      memoryCost: settings.memoryKiB,
      timeCost: settings.iterations,
      parallelism: settings.parallelism,
    };
    this.#dummy = dummyHash(settings);
    this.#turnstile = new Turnstile({ atOnce: settings.concurrency, maxWaiting });
  }

  /** How many hashes were computed since the start. */
  get hashes(): number {
    return this.#hashes;
  }

  /** How many are waiting for their turn now. */
  get waiting(): number {
    return this.#turnstile.waiting;
  }

  /** @throws AppError `busy` (503) */
  hash(password: string): Promise<string> {
    return this.#turnstile.pass(() => {
      this.#hashes += 1;
      return argon2.hash(opaqueString(password), this.#parameters);
    });
  }

  /**
   * @param hash nothing for an unknown account or one without a password: costs the same
   * @returns `outdated` when the password is right and its hash weaker than configured
   * @throws AppError `busy` (503)
   */
  async verify(
    hash: string | null | undefined,
    password: string,
  ): Promise<{ ok: boolean; outdated: boolean }> {
    const matches = await this.#turnstile.pass(() => {
      this.#hashes += 1;
      return argon2.verify(hash ?? this.#dummy, opaqueString(password));
    });
    const ok = matches && Boolean(hash);
    return { ok, outdated: ok && this.#isOutdated(hash as string) };
  }

  #isOutdated(hash: string): boolean {
    const { memoryCost, timeCost, parallelism } = argon2.parseOptions(hash);
    return (
      !hash.startsWith('$argon2id$') ||
      memoryCost < this.#parameters.memoryCost ||
      timeCost < this.#parameters.timeCost ||
      parallelism < this.#parameters.parallelism
    );
  }
}

/** A hash that no password is known for, with the parameters that real ones have. */
function dummyHash({ memoryKiB, iterations, parallelism }: Settings): string {
  const base64 = (bytes: number) => Buffer.alloc(bytes).toString('base64').replace(/=+$/, '');
  const parameters = `m=${memoryKiB},t=${iterations},p=${parallelism}`;
  return `$argon2id$v=19$${parameters}$${base64(16)}$${base64(32)}`;
}
