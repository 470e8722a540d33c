import { CommanderError } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { AppError, reasonOf } from '../errors.ts';

/** What was typed is wrong: trying the same again cannot succeed. */
const badInput = 2;
const failed = 1;

export type Failure = {
  /** Stable: programs branch on it. */
  code: string;
  message: string;
  details?: Record<string, unknown>;
  exitCode: number;
};

/** Words for errors that other parts throw with a code alone. */
const words: Record<string, string> = {
  account_not_found: 'There is no such account, or it was deleted.',
  email_taken: 'This community already has an account with that address.',
  handle_taken: 'Somebody has this handle, or had it.',
  temporarily_unavailable: 'The database cannot be used right now. Try again in a moment.',
  platform_user_taken: 'Another account of this community has that platform user id.',
  platform_slug_taken: 'Another account of this community has that platform slug.',
};

/** @returns nothing for what needs no words: help that was asked for, or shown already */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return undefined;
    const message =
      error.code === 'commander.help'
        ? ''
        : error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return { code: 'bad_input', message, exitCode: badInput };
  }
  if (error instanceof AppError) {
    const { code, details, status } = error;
    const message = error.message === code ? (words[code] ?? sentence(code)) : error.message;
    return { code, message, details, exitCode: status === 400 ? badInput : failed };
  }
  if (error instanceof ConfigError) {
    return { code: 'configuration', message: error.message, exitCode: failed };
  }
  return { code: 'failed', message: reasonOf(error), exitCode: failed };
}

/** One line, or one JSON object, on standard error. */
export function printFailure({ code, message, details }: Failure, json: boolean): void {
  if (json) console.error(JSON.stringify({ error: { code, message, ...details } }));
  else if (message) console.error(`error: ${message} (${code})`);
}

function sentence(code: string): string {
  const text = code.replaceAll('_', ' ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
