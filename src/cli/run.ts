import type { Command } from 'commander';
import type { Connection } from './connection.ts';
import type { Report } from './report.ts';

/** What every command works with. */
export type Cli = Connection & {
  /** Whether a program reads the result. */
  json: boolean;
};

type Work<Options, Operands extends unknown[]> = (
  cli: Cli,
  options: Options,
  ...operands: Operands
) => Promise<Report | undefined>;

/**
 * The action of a command: connects as the service does, does the work and prints what it reports.
 * Nothing else ever goes to standard output, so that programs can read it.
 */
export function run<Options extends object, Operands extends unknown[] = [string]>(
  work: Work<Options, Operands>,
) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.pop() as Command;
    given.pop();
    const options = command.optsWithGlobals<Options & { json?: boolean }>();
    // Loaded only now, because help needs none of it.
    const { connected } = await import('./connection.ts');
    await connected(async (connection) => {
      const cli = { ...connection, json: options.json ?? false };
      const report = await work(cli, options, ...(given as Operands));
      if (report) print(report, cli.json);
    });
  };
}

export function print({ data, text }: Report, json: boolean): void {
  process.stdout.write(`${json ? JSON.stringify(data, null, 2) : text}\n`);
}

/** On standard error, where it disturbs no program that reads the result. */
export function warn(message: string): void {
  console.error(`warning: ${message}`);
}
