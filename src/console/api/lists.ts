import { z } from 'zod';
import type { Cursor, Page } from '../../database/keyset.ts';
import { AppError } from '../../errors.ts';

/** Sorted by one of `sorts`, backwards where it says `-` before; the first is the default, newest first. */
export function listQuery<Sort extends string, Filters extends z.ZodRawShape>(
  sorts: readonly [Sort, ...Sort[]],
  filters: Filters,
) {
  const both = sorts.flatMap((sort): (Sort | `-${Sort}`)[] => [sort, `-${sort}`]);
  const [first] = sorts;
  return z.object({
    ...filters,
    sort: z
      .enum(both as [Sort | `-${Sort}`])
      .default(`-${first}` as never)
      .describe('Backwards with `-` before it.'),
    limit: z.coerce.number().int().min(1).max(200).default(50),
    after: z
      .string()
      .max(2000)
      .optional()
      .describe('The `next` of the page before, which was asked for in the same way.'),
  });
}

export function listAnswer<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe('Where the next page begins; null after the last.'),
  });
}

export type Wanted<Sort extends string> = {
  sort: Sort;
  descending: boolean;
  limit: number;
  after?: Cursor;
};

/** @throws AppError `cursor_invalid` (400) for an `after` that no page in this order has given */
export function wantedOf<Sort extends string>(query: {
  sort: Sort | `-${Sort}`;
  limit: number;
  after?: string;
}): Wanted<Sort> {
  const { sort, limit, after } = query;
  const descending = sort.startsWith('-');
  const by = (descending ? sort.slice(1) : sort) as Sort;
  return { sort: by, descending, limit, after: after ? readCursor(after, sort) : undefined };
}

export function answerOf<Row, Item>(
  { items, next }: Page<Row>,
  { sort }: { sort: string },
  show: (row: Row) => Item,
): { items: Item[]; next: string | null } {
  return { items: items.map(show), next: next && writeCursor(next, sort) };
}

const cursorSchema = z.tuple([z.string(), z.string(), z.string()]);

function writeCursor({ value, id }: Cursor, sort: string): string {
  return Buffer.from(JSON.stringify([sort, value, id])).toString('base64url');
}

function readCursor(text: string, sort: string): Cursor {
  try {
    const [of, value, id] = cursorSchema.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString()),
    );
    if (of === sort && !`${value}${id}`.includes('\u0000')) return { value, id };
  } catch {
    // Whatever it is, no page gave it.
  }
  throw new AppError('cursor_invalid');
}
