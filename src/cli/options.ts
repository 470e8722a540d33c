import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { domainToASCII } from 'node:url';
import { InvalidArgumentError } from 'commander';
import { AppError } from '../errors.ts';

/** Of an option that can be given several times, each with one value. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value].filter((item) => item !== '');
}

/** The same, but one value may also hold several between blanks or commas. */
export function collectWords(value: string, previous: readonly string[] = []): string[] {
  return [...previous, ...value.split(/[\s,]+/).filter((item) => item !== '')];
}

/** Repeatable; an empty value stands for none. */
export function collectDomains(value: string, previous: readonly string[] = []): string[] {
  if (value === '') return [...previous];
  const domain = domainToASCII(value.trim()).replace(/\.$/, '');
  const labels = domain.split('.');
  const sound = labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  if (labels.length < 2 || !sound || /^\d+$/.test(labels.at(-1) ?? '') || domain.length > 253) {
    throw new InvalidArgumentError('Give a domain such as chat.example.org.');
  }
  return previous.includes(domain) ? [...previous] : [...previous, domain];
}

export function wholeNumber(least: number, most: number) {
  return (value: string): number => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

/** An http or https origin, without a trailing slash. */
export function origin(value: string): string {
  const url = URL.parse(value);
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new InvalidArgumentError('Give an address such as https://matrix.example.org.');
}

/** A repeatable origin. */
export function collectOrigins(value: string, previous: readonly string[] = []): string[] {
  return [...previous, origin(value)];
}

/** A moment as ISO 8601, or how long ago: `12h`, `30d`. */
export function moment(value: string): Date {
  const [, count, unit] = /^(\d{1,5})([hd])$/.exec(value) ?? [];
  const date = count
    ? new Date(Date.now() - Number(count) * (unit === 'h' ? 3_600_000 : 86_400_000))
    : new Date(/^\d{4}-\d\d-\d\d/.test(value) ? value : Number.NaN);
  if (Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError(
      'Give a time such as 2026-01-31, 2026-01-31T12:00Z, 12h or 30d.',
    );
  }
  return date;
}

/** How long something lasts, from an hour to a year: `12h`, `7d`. @returns seconds */
export function duration(value: string): number {
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(value) ?? [];
  const seconds = Number(count) * (unit === 'h' ? 3600 : 86_400);
  if (seconds >= 3600 && seconds <= 366 * 86_400) return seconds;
  throw new InvalidArgumentError('Give a duration such as 12h or 7d, at most 366d.');
}

/** `-` reads from standard input, because other users of the machine can see arguments. */
export async function secretValue(given: string | undefined): Promise<string | undefined> {
  if (given !== '-') return given;
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

/** @throws AppError `file_unreadable` */
export function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AppError('file_unreadable', { message: `${path} cannot be read (${code}).`, cause });
  }
}
