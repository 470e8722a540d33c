/**
 * A moment in UTC to the microsecond, as PostgreSQL keeps it: `2026-02-01T10:00:00.123456Z`. All have
 * this one form, so that they compare as text; a `Date` would make equals of what is not.
 */
export type Instant = string;

const fraction = /\.(\d+)/;

/** @param text ISO 8601 with a zone, of a year with four digits */
export function instantOf(text: string): Instant {
  const digits = (fraction.exec(text)?.[1] ?? '').padEnd(6, '0');
  return `${new Date(text).toISOString().slice(0, 20)}${digits.slice(0, 6)}Z`;
}

/** The next moment there is. */
export function justAfter(instant: Instant): Instant {
  const microsecond = Number(instant.slice(20, 26)) + 1;
  const second = new Date(
    Date.parse(`${instant.slice(0, 19)}Z`) + Math.floor(microsecond / 1e6) * 1000,
  );
  return `${second.toISOString().slice(0, 20)}${String(microsecond % 1e6).padStart(6, '0')}Z`;
}

/** The later of two; null is before all. */
export function later<T extends Instant | null>(one: Instant | null, other: T): T | Instant {
  return one !== null && (other === null || one > other) ? one : other;
}
