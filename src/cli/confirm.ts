import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { AppError } from '../errors.ts';
import type { Cli } from './run.ts';

export type Confirmation = { yes?: boolean };

/** Gives a command whose act cannot be undone, or not wholly, its option. */
export function irreversible(command: Command): Command {
  return command.option('--yes', 'do not ask: some of it cannot be undone');
}

/**
 * Asks a person at a terminal; a program has to say `--yes` from the start.
 *
 * @param act what would be done, as a command: `Delete Ada (@ada) of acme for ever`
 * @throws AppError `not_confirmed`
 */
export async function confirm(
  { json }: Pick<Cli, 'json'>,
  { yes }: Confirmation,
  act: string,
): Promise<void> {
  if (yes) return;
  if (json || !process.stdin.isTTY) {
    throw refused(`Some of this cannot be undone, so it is done only with --yes: ${act}.`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const gone = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answer = await Promise.race([terminal.question(`${act}? Type yes: `), gone]);
  terminal.close();
  if (answer.trim() !== 'yes') throw refused('Nothing was done.');
}

const refused = (message: string) => new AppError('not_confirmed', { message });
