import type { Reporter, TestModule } from 'vitest/node';

/**
 * The last line: how many tests passed and failed. A file or a suite that failed by itself, in a hook
 * or while it was loaded, counts as one that failed.
 */
export default class Total implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let [passed, failed] = [0, errors.length];
    for (const module of modules) {
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        if (state === 'failed') failed += 1;
      }
    }
    // After the totals of the other reporter.
    process.once('exit', () => console.log(`${passed} passed, ${failed} failed`));
  }
}
