import { AppError } from '../errors.ts';
import type { Queryable } from './database.ts';

/**
 * A place in a list: what the row before it was sorted by, as PostgreSQL writes it, and its id. Lists go
 * on from there and not by counting, so that the last page costs what the first one does.
 */
export type Cursor = { value: string; id: string };

export type Page<Row> = {
  items: Row[];
  /** Where the next page begins; null after the last. */
  next: Cursor | null;
};

/** What a list is sorted by; never null, and of a type that PostgreSQL can compare. */
export type Sorting = { by: string; type: 'timestamptz' | 'text' | 'bigint' };

/** All of the text is constant; what somebody asked for comes as values only. */
export type List = {
  columns: string;
  from: string;
  id: { column: string; type: 'uuid' | 'text' | 'bigint' };
  sorting: Sorting;
  descending: boolean;
  /** Each with a `?` for its value, if it has one. */
  where: readonly Condition[];
};

export type Condition = readonly [condition: string, value?: unknown];

type Placed = { cursorValue: string; cursorId: string };

/** SQLSTATE of a text that is no value of the type it is read as. */
const unreadable = /^(?:22P02|22003|2200[78])$/;

/**
 * @param wanted.limit how many rows at most
 * @throws AppError `cursor_invalid` (400) for a place that no such list has
 */
export async function readPage<Row>(
  db: Queryable,
  { columns, from, id, sorting, descending, where }: List,
  wanted: { after?: Cursor; limit: number },
): Promise<Page<Row>> {
  const values: unknown[] = [];
  const place = (value: unknown) => `$${values.push(value)}`;
  const conditions = where.map(
    ([text, value]) => `(${text.includes('?') ? text.replaceAll('?', place(value)) : text})`,
  );
  if (wanted.after) {
    const { value, id: last } = wanted.after;
    conditions.push(
      `(${sorting.by}, ${id.column}) ${descending ? '<' : '>'}
        (${place(value)}::${sorting.type}, ${place(last)}::${id.type})`,
    );
  }
  const direction = descending ? 'desc' : 'asc';
  const rows = await db
    .query<Row & Placed>(
      `select ${columns}, (${sorting.by})::text as "cursorValue", (${id.column})::text as "cursorId"
        from ${from} ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
        order by ${sorting.by} ${direction}, ${id.column} ${direction}
        limit ${place(wanted.limit + 1)}`,
      values,
    )
    .catch((cause: { code?: string }) => {
      if (!wanted.after || !unreadable.test(cause.code ?? '')) throw cause;
      throw new AppError('cursor_invalid', { cause });
    });
  const shown = rows.slice(0, wanted.limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ cursorValue, cursorId, ...row }) => row as Row),
    next:
      rows.length > wanted.limit && last ? { value: last.cursorValue, id: last.cursorId } : null,
  };
}
