/** Tells a person at a terminal how far long work is; programs and files are not disturbed. */
export class Progress {
  readonly #what: string;
  readonly #shown: boolean;
  #next = 0;

  constructor(what: string, { json }: { json: boolean }) {
    this.#what = what;
    this.#shown = process.stderr.isTTY && !json;
  }

  at(done: number, total?: number): void {
    if (!this.#shown || performance.now() < this.#next) return;
    this.#next = performance.now() + 200;
    const count = total === undefined ? `${done}` : `${done} of ${total}`;
    process.stderr.write(`\r\u001b[K${count} ${this.#what}`);
  }

  end(): void {
    if (this.#shown) process.stderr.write('\r\u001b[K');
  }
}
