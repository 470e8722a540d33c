import { instantOf } from '../../entities/instant.ts';
import type { Stamp } from '../../entities/order.ts';
import type { ImportContext } from './kind.ts';

/**
 * A line says what was so when the file was written: whatever the platform says with a sequence, or
 * of a later time, counts more, whenever it arrives.
 */
export function stampOf(
  { occurredAt }: { occurredAt?: string },
  { asOf }: Pick<ImportContext, 'asOf'>,
): Stamp {
  const said = occurredAt ? new Date(occurredAt) : asOf;
  const at = said > asOf ? asOf : said;
  return { sequence: null, occurredAt: instantOf(at.toISOString()), eventId: 'import' };
}
