import type { Queryable } from './database.ts';

export type TableSize = { table: string; rows: number; bytes: number };

/** Our tables with PostgreSQL's own estimate of their rows, without counting; bytes with indexes. */
export function tableSizes(db: Queryable): Promise<TableSize[]> {
  return db.query<TableSize>(
    `select c.relname as "table", s.n_live_tup::float8 as rows,
        pg_total_relation_size(c.oid)::float8 as bytes
      from pg_class c join pg_stat_user_tables s on s.relid = c.oid
      where c.relkind = 'r' and s.schemaname = 'public' order by c.relname`,
  );
}
