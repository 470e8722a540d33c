import type { Queryable } from '../database/database.ts';
import type { RoomType } from './room.ts';

export type ReconcileRun = {
  id: string;
  tenantId: string | null;
  dryRun: boolean;
  state: 'running' | 'done' | 'stopped';
  /** Rows up to this one are behind it. */
  reached: string | null;
  total: number;
  checked: number;
  drifted: number;
  mended: number;
  failed: number;
  requestedBy: string;
  startedAt: Date;
  endedAt: Date | null;
};

/** What differs in a room, as a run found it. */
export type Drift = {
  run: string;
  /** Each in words. */
  actions: readonly string[];
  /** How many are not to be taken out before an operator confirms it. */
  held: number;
  /** What the bot cannot change, in words. */
  obstacles: readonly string[];
  /** Why the bot can do nothing, and what a human must do. */
  problem?: string;
};

export type DriftedRoom = {
  id: string;
  tenant: string;
  type: RoomType;
  slug: string;
  roomId: string | null;
  drift: Drift;
  /** Since the run looked at it. */
  synced: boolean;
  error: string | null;
};

const columns = `id, tenant_id as "tenantId", dry_run as "dryRun", state, reached, total, checked,
  drifted, mended, failed, requested_by as "requestedBy", started_at as "startedAt",
  ended_at as "endedAt"`;

type NewRun = Pick<ReconcileRun, 'id' | 'tenantId' | 'dryRun' | 'requestedBy'>;

export async function insertRun(tx: Queryable, run: NewRun): Promise<void> {
  await tx.query(
    `insert into reconcile_runs (id, tenant_id, dry_run, requested_by, total)
      values ($1, $2::uuid, $3, $4, (select count(*) from entities join matrix_rooms on entity = entities.id
        where ($2::uuid is null or tenant_id = $2)
          and (state in ('active', 'cancelled') or (state = 'deleted' and room_id is not null))))`,
    [run.id, run.tenantId, run.dryRun, run.requestedBy],
  );
}

export async function findRun(db: Queryable, id: string): Promise<ReconcileRun | undefined> {
  const [run] = await db.query<ReconcileRun>(
    `select ${columns} from reconcile_runs where id = $1`,
    [id],
  );
  return run;
}

/** Only while there are rooms at all. Locks out everybody who asks the same. */
export async function isRunDue(tx: Queryable, hours: number): Promise<boolean> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended('reconcile', 0))");
  const [row] = await tx.query<{ due: boolean }>(
    `select exists (select from entities where state <> 'awaited') and not exists (
        select from reconcile_runs where tenant_id is null and not dry_run
          and started_at > now() - make_interval(hours => $1::int)) as due`,
    [hours],
  );
  return row?.due ?? false;
}

/** The rows of the next batch, by id. */
export async function nextRooms(db: Queryable, run: ReconcileRun, limit: number) {
  const rows = await db.query<{ id: string }>(
    `select id from entities join matrix_rooms on entity = entities.id
      where ($1::uuid is null or tenant_id = $1) and ($2::uuid is null or id > $2)
        and (state in ('active', 'cancelled') or (state = 'deleted' and room_id is not null))
      order by id limit $3`,
    [run.tenantId, run.reached, limit],
  );
  return rows.map(({ id }) => id);
}

/** What was found of a room; nothing when it is as it should be. */
export async function noteCheck(db: Queryable, room: string, drift: Drift | null): Promise<void> {
  await db.query('update matrix_rooms set checked_at = now(), drift = $2 where entity = $1', [
    room,
    drift && JSON.stringify(drift),
  ]);
}

/**
 * Counts a batch, once.
 * @returns false when another worker has counted it already
 */
export async function advance(
  tx: Queryable,
  run: ReconcileRun,
  batch: { reached: string; checked: number; drifted: number },
): Promise<boolean> {
  const rows = await tx.query(
    `update reconcile_runs
      set reached = $3, checked = checked + $4, drifted = drifted + $5
      where id = $1 and reached is not distinct from $2::uuid and state = 'running' returning id`,
    [run.id, run.reached, batch.reached, batch.checked, batch.drifted],
  );
  return rows.length > 0;
}

/** How far the rooms are that a run had something to mend in. */
export async function mending(db: Queryable, run: string) {
  const [row] = await db.query<{ mended: number; failed: number; waiting: number }>(
    `select count(*) filter (where synced and not failed)::int as mended,
        count(*) filter (where failed)::int as failed,
        count(*) filter (where not synced and not failed)::int as waiting
      from matrix_rooms, lateral (select
          coalesce(synced_at > checked_at, false) as synced,
          coalesce(error_at > checked_at, false)
            or not (drift ? 'problem') and drift->'actions' = '[]' and drift->'obstacles' <> '[]'
            as failed) progress
      where drift->>'run' = $1 and not (drift->'actions' = '[]' and drift->'obstacles' = '[]'
        and not drift ? 'problem')`,
    [run],
  );
  return row ?? { mended: 0, failed: 0, waiting: 0 };
}

export async function endRun(
  db: Queryable,
  id: string,
  { mended, failed }: { mended: number; failed: number },
): Promise<void> {
  await db.query(
    `update reconcile_runs set state = 'done', mended = $2, failed = $3, ended_at = now()
      where id = $1 and state = 'running'`,
    [id, mended, failed],
  );
}

/** Where a run found something, in the order of tenant, type and slug. */
export function driftOf(db: Queryable, run: string): Promise<DriftedRoom[]> {
  return db.query<DriftedRoom>(
    `select entities.id, tenants.slug as tenant, entity_type as type, entity_slug as slug,
        room_id as "roomId", drift, coalesce(synced_at > checked_at, false) as synced, error
      from entities join matrix_rooms on entity = entities.id
        join tenants on tenants.id = tenant_id
      where drift->>'run' = $1 order by tenants.slug, entity_type, entity_slug`,
    [run],
  );
}
