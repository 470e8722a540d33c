import type { Queryable, Transaction } from '../database/database.ts';

export type Hold = {
  handle: string;
  accountId: string;
  tenantId: string;
  /**
   * Fingerprint of the proved person: tenant with address, or with upstream identity. Operators hold
   * in their own name, and for whoever comes by an invitation.
   */
  heldBy: string;
  seconds: number;
};

/**
 * Those of `handles` (normalised) that nobody has and no tenant is called by, in the given order.
 * One index look-up each, in one query. A hold of the person `heldBy` does not count against them.
 */
export async function freeAmong(
  db: Queryable,
  handles: readonly string[],
  heldBy = '',
): Promise<string[]> {
  const rows = await db.query<{ handle: string }>(
    `select wanted.handle
       from unnest($1::text[]) with ordinality as wanted (handle, place)
      where not exists (
              select from handles
               where lower(handles.handle) = wanted.handle
                 and (state <> 'held' or (held_until >= now() and held_by is distinct from $2)))
        and not exists (select from tenants where slug = wanted.handle)
      order by place`,
    [handles, heldBy],
  );
  return rows.map((row) => row.handle);
}

/**
 * Makes those who want the same take turns until the end of their transactions. Without it two
 * inserts of one handle can meet in an index that `on conflict` does not name, and one fails.
 * Everyone locks in the same order, so nobody waits in a circle.
 */
export async function lockHandleKeys(tx: Transaction, keys: readonly string[]): Promise<void> {
  await tx.query(
    `select pg_advisory_xact_lock(turn.key)
       from (select distinct hashtextextended('handles ' || key, 0) as key
               from unnest($1::text[]) as wanted (key)
              order by key) as turn`,
    [keys],
  );
}

/** Gives up what the person held before; rows are locked in one order for all. */
export async function deleteOtherHolds(tx: Transaction, hold: Hold): Promise<void> {
  await tx.query(
    `with locked as (
       select handle from handles
        where lower(handle) = $1 or (held_by = $2 and state = 'held')
        order by lower(handle)
          for update)
     delete from handles using locked
      where handles.handle = locked.handle
        and held_by = $2 and state = 'held' and lower(handles.handle) <> $1`,
    [hold.handle, hold.heldBy],
  );
}

/** Decides who gets a handle. True if it is this person's now; an own live hold keeps its end. */
export async function insertHold(tx: Transaction, hold: Hold): Promise<boolean> {
  const rows = await tx.query(
    `insert into handles (handle, account_id, tenant_id, state, held_by, held_until)
     select $1, $2::uuid, $3::uuid, 'held', $4, now() + make_interval(secs => $5)
      where not exists (select from tenants where slug = $1)
     on conflict (lower(handle)) do update
        set handle = excluded.handle, account_id = excluded.account_id,
            tenant_id = excluded.tenant_id, held_by = excluded.held_by, updated_at = now(),
            held_until = case when handles.held_by = excluded.held_by
                               and handles.held_until >= now()
                              then handles.held_until else excluded.held_until end
      where handles.state = 'held'
        and (handles.held_until < now() or handles.held_by = excluded.held_by)
     returning handle`,
    [hold.handle, hold.accountId, hold.tenantId, hold.heldBy, hold.seconds],
  );
  return rows.length > 0;
}

/** The live hold of a person: a second form finds the account that the first began. */
export async function holdOf(
  db: Queryable,
  heldBy: string,
): Promise<{ handle: string; accountId: string; heldUntil: Date } | undefined> {
  const [row] = await db.query<{ handle: string; account_id: string; held_until: Date }>(
    `select handle, account_id, held_until from handles
      where held_by = $1 and state = 'held' and held_until >= now()`,
    [heldBy],
  );
  return row && { handle: row.handle, accountId: row.account_id, heldUntil: row.held_until };
}

/** False if the account does not hold the handle any more. */
export async function activateHeld(
  tx: Transaction,
  handle: string,
  accountId: string,
): Promise<boolean> {
  const rows = await tx.query(
    `update handles
        set state = 'active', held_by = null, held_until = null, updated_at = now()
      where lower(handle) = lower($1) and account_id = $2 and state = 'held'
      returning handle`,
    [handle, accountId],
  );
  return rows.length > 0;
}

export async function deleteHold(tx: Transaction, accountId: string): Promise<void> {
  await tx.query(`delete from handles where account_id = $1 and state = 'held'`, [accountId]);
}

export async function deleteHoldOf(tx: Transaction, heldBy: string): Promise<void> {
  await tx.query(`delete from handles where held_by = $1 and state = 'held'`, [heldBy]);
}

/** The handle that is kept for ever, or `undefined` if the account had none. */
export async function tombstoneActive(
  tx: Transaction,
  accountId: string,
): Promise<string | undefined> {
  const [row] = await tx.query<{ handle: string }>(
    `update handles set state = 'tombstoned', updated_at = now()
      where account_id = $1 and state = 'active'
      returning handle`,
    [accountId],
  );
  return row?.handle;
}

export async function tombstoneHeld(
  tx: Transaction,
  accountId: string,
  handle?: string,
): Promise<void> {
  await tx.query(
    `update handles
        set state = 'tombstoned', account_id = null, tenant_id = null,
            held_by = null, held_until = null, imported = true, updated_at = now()
      where account_id = $1 and state = 'held' and handle = coalesce($2, handle)`,
    [accountId, handle],
  );
}

/** Removes holds that ended an hour ago or earlier; until then a late sign-up may still finish. */
export async function deleteExpiredHolds(db: Queryable, limit: number): Promise<number> {
  const rows = await db.query(
    `delete from handles where handle in (
       select handle from handles
        where state = 'held' and held_until < now() - interval '1 hour'
        limit $1 for update skip locked)
     returning handle`,
    [limit],
  );
  return rows.length;
}

/** The account that is known by a handle, whatever the case it is written in. */
export async function accountOf(db: Queryable, handle: string): Promise<string | undefined> {
  const [row] = await db.query<{ account_id: string }>(
    `select account_id from handles where lower(handle) = lower($1) and state = 'active'`,
    [handle],
  );
  return row?.account_id;
}
