import { timingSafeEqual } from 'node:crypto';
import * as argon2 from '@node-rs/argon2';
import type { Config } from '../config/config.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { opaqueString } from './password-rules.ts';

type Settings = Config['passwordHash'];

/** Some seconds' worth of hashes: whoever comes after that is better told at once. */
const defaultMaxWaiting = 512;

/** Argon2id (RFC 9106). Every call hashes exactly once, whoever the password is for. */
export class PasswordHasher {
  readonly #parameters: { memoryCost: number; timeCost: number; parallelism: number };
  readonly #dummy: string;
  readonly #limit: ConcurrencyLimit;
  #hashes = 0;

  constructor(settings: Settings, { maxWaiting = defaultMaxWaiting } = {}) {
    this.#parameters = {
      memoryCost: settings.memoryKiB,
      timeCost: settings.iterations,
      parallelism: settings.parallelism,
    };
    this.#dummy = dummyHash(settings);
    this.#limit = new ConcurrencyLimit({ atOnce: settings.concurrency, maxWaiting });
  }

  /** How many hashes were computed since the start. */
  get hashes(): number {
    return this.#hashes;
  }

  /** How many are waiting for their turn now. */
  get waiting(): number {
    return this.#limit.waiting;
  }

  /**
   * @param salt a random one unless given, see `addressSalt`
   * @throws AppError `busy` (503)
   */
  hash(password: string, salt?: Uint8Array): Promise<string> {
    return this.#limit.run(() => {
      this.#hashes += 1;
      return argon2.hash(opaqueString(password), { ...this.#parameters, salt });
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
    const match = await this.findMatch(hash ? [hash] : [], password);
    return { ok: match !== undefined, outdated: match?.outdated ?? false };
  }

  /**
   * Which of these hashes is the password's, by one hash for all of them.
   *
   * @param hashes of one salt and the same parameters, see `recipeOf`; none costs the same
   * @throws AppError `busy` (503)
   */
  async findMatch(
    hashes: readonly string[],
    password: string,
  ): Promise<{ hash: string; outdated: boolean } | undefined> {
    const [first] = hashes;
    const computed = await this.#limit.run(() => {
      this.#hashes += 1;
      return argon2.hash(opaqueString(password), optionsOf(first ?? this.#dummy));
    });
    const hash = hashes.find((it) => isSame(it, computed));
    return hash === undefined ? undefined : { hash, outdated: this.#isOutdated(hash) };
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

/** All of a hash but the outcome: algorithm, version, parameters and salt, as PHC strings put them. */
export function recipeOf(hash: string): string {
  return hash.slice(0, hash.lastIndexOf('$'));
}

/** In base64, as it stands in the hash. */
export function saltOf(hash: string): string {
  const recipe = recipeOf(hash);
  return recipe.slice(recipe.lastIndexOf('$') + 1);
}

function optionsOf(hash: string): argon2.Options {
  return { ...argon2.parseOptions(hash), salt: Buffer.from(saltOf(hash), 'base64') };
}

function isSame(hash: string, computed: string): boolean {
  const [one, two] = [Buffer.from(hash), Buffer.from(computed)];
  return one.length === two.length && timingSafeEqual(one, two);
}

/** A hash that no password is known for, with the parameters that real ones have. */
function dummyHash({ memoryKiB, iterations, parallelism }: Settings): string {
  const base64 = (bytes: number) => Buffer.alloc(bytes).toString('base64').replace(/=+$/, '');
  const parameters = `m=${memoryKiB},t=${iterations},p=${parallelism}`;
  return `$argon2id$v=19$${parameters}$${base64(16)}$${base64(32)}`;
}
