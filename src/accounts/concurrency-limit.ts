import { AppError } from '../errors.ts';

export type ConcurrencyLimitSettings = {
  /** How many may be inside. */
  atOnce: number;
  /** How many may wait, first come first served; the next one is turned away. */
  maxWaiting: number;
};

/** Bounds how much of something costly runs at once, so that a burst cannot starve the rest. */
export class ConcurrencyLimit {
  readonly #settings: ConcurrencyLimitSettings;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(settings: ConcurrencyLimitSettings) {
    this.#settings = settings;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws AppError `busy` (503) when too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#settings.atOnce) this.#inside += 1;
    else await this.#wait();
    try {
      return await work();
    } finally {
      // Whoever has waited longest takes over the place, so nobody can slip in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#inside -= 1;
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#settings.maxWaiting) {
      throw new AppError('busy');
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
