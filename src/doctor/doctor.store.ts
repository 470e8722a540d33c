import type { Queryable } from '../database/database.ts';

/** How far the database's clock is ahead of ours, in ms, but for the way there. */
export async function clockDifference(db: Queryable): Promise<number> {
  const before = Date.now();
  const [row] = await db.query<{ now: number }>(
    'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
  );
  const after = Date.now();
  return (row?.now ?? 0) - (before + after) / 2;
}

/** Names of the migrations that this database has had; none on an empty one. */
export async function appliedMigrations(db: Queryable): Promise<string[]> {
  const [table] = await db.query<{ exists: boolean }>(
    "select to_regclass('migrations') is not null as exists",
  );
  if (!table?.exists) return [];
  return (await db.query<{ name: string }>('select name from migrations')).map((row) => row.name);
}

/** Workers that said within ten seconds that they live. */
export async function livingWorkers(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count from worker_heartbeats
      where seen_at > now() - interval '10 seconds'`,
  );
  return row?.count ?? 0;
}

/** Mail of the last week that could not be delivered. */
export async function undeliveredMails(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count from mails where given_up_at > now() - interval '7 days'`,
  );
  return row?.count ?? 0;
}

export type SealedMail = { id: string; tenantId: string | null; sealed: string };

export function sealedMails(db: Queryable, limit: number): Promise<SealedMail[]> {
  return db.query<SealedMail>(
    `select id, tenant_id as "tenantId", sealed from mails
      where sealed is not null order by created_at desc limit $1`,
    [limit],
  );
}

export async function sealedDataKeys(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ sealed: string }>('select sealed from data_keys');
  return rows.map(({ sealed }) => sealed);
}
