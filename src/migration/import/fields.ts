import { z } from 'zod';
import { isVisible } from '../../text/unseen.ts';

/** Text that people can read; PostgreSQL cannot store the rest either. */
export const printable = z
  .string()
  .min(1)
  .max(255)
  .regex(/^\P{C}+$/u, 'holds control characters')
  .refine(isVisible, { message: 'holds nothing that can be seen' });

/** The platform's name of a person; `account:` would mean one of ours. */
export const userSlug = printable.refine((slug) => !slug.startsWith('account:'), {
  message: 'is no slug of a platform',
});

/** May have several lines. */
export const multilineText = z
  .string()
  .max(4000)
  .regex(/^(?:\P{C}|[\r\n\t])*$/u, 'holds control characters');

/** As Matrix has them: `!opaque:server`, or without a server since version 12. */
export const matrixRoomId = z
  .string()
  .max(255)
  .regex(/^![A-Za-z0-9._~=+/-]+(?::[A-Za-z0-9.:[\]-]+)?$/, 'is no room id');

export const dateOrDateTime = z.iso.datetime({ offset: true }).or(z.iso.date());

/** In CSV all is text. */
export const yesOrNo = z.stringbool({ truthy: ['true', 'yes', '1'], falsy: ['false', 'no', '0'] });

/** Of a row, what the kind reads. Numbers become text, blank cells become nothing. */
export function readFields(
  fields: Readonly<Record<string, unknown>>,
  columns: Readonly<Record<string, string>>,
): { read: Record<string, unknown>; ignored: string[] } {
  const read = new Map<string, unknown>();
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const plain = plainName(name);
    const property = Object.hasOwn(columns, plain) ? columns[plain] : undefined;
    if (property === undefined) ignored.push(name);
    else if (value !== '' && value !== null) read.set(property, asText(value));
  }
  return { read: Object.fromEntries(read), ignored };
}

/** `entity_type`, `entityType` and `Entity Type` are the same column. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '');
}

function asText(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}
