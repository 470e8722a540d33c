export class Interrupted extends Error {}

/**
 * Lets a task die at its nth step, where a step is anything that it asks of the database or of
 * Synapse: `before` the step happened, or `after` it without learning of it.
 */
export class Interruption {
  #left: number;
  readonly #when: 'before' | 'after';

  constructor(nth: number, when: 'before' | 'after') {
    this.#left = nth;
    this.#when = when;
  }

  /** The same object, each of whose methods is a step. */
  within<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          this.#left -= 1;
          if (this.#left === 0 && this.#when === 'before') throw new Interrupted();
          const result = await value.apply(target, args);
          if (this.#left === 0) throw new Interrupted();
          return result;
        };
      },
    });
  }
}
