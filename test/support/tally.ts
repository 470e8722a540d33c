import type { TestEvent } from 'node:test/reporters';

/** Counts the leaves of the tree of tests: neither suites, nor tests that only hold others. */
export class Tally {
  passed = 0;
  failed = 0;
  /** How many children were reported at each depth since the last parent above them. */
  readonly #children: number[] = [];

  add(event: TestEvent): void {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') return;
    const { nesting, details, name, file, skip, todo } = event.data;
    const parent = details.type === 'suite' || (this.#children[nesting + 1] ?? 0) > 0;
    this.#children[nesting + 1] = 0;
    this.#children[nesting] = (this.#children[nesting] ?? 0) + 1;
    if (event.type === 'test:fail') {
      // A parent also fails by itself, in a hook; where its children failed they are counted.
      if (!todo && !(parent && failedBelow(event.data.details.error))) this.failed += 1;
      return;
    }
    // A file without tests is reported as a test that has the name of the file.
    if (!parent && !skip && !todo && !file?.endsWith(name)) this.passed += 1;
  }
}

function failedBelow(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed';
}
