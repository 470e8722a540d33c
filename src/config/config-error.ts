/** The settings do not hold together. Its message lists every problem and no secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super(
      [
        `The configuration has ${count}:`,
        ...problems.map((problem) => `  - ${problem}`),
        'Every setting is described in docs/configuration.md.',
      ].join('\n'),
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
