import type { Queryable } from '../../database/database.ts';

export type StateKind = 'request' | 'session';

export async function putState(
  db: Queryable,
  state: { kind: StateKind; key: string; sealed: string; livesForSeconds: number },
): Promise<void> {
  await db.query(
    `insert into atproto_state (kind, key, sealed, expires_at)
      values ($1, $2, $3, now() + make_interval(secs => $4))
      on conflict (kind, key) do update
        set sealed = excluded.sealed, expires_at = excluded.expires_at, updated_at = now()`,
    [state.kind, state.key, state.sealed, state.livesForSeconds],
  );
}

export async function readState(
  db: Queryable,
  kind: StateKind,
  key: string,
): Promise<string | undefined> {
  const [row] = await db.query<{ sealed: string }>(
    'select sealed from atproto_state where kind = $1 and key = $2 and expires_at > now()',
    [kind, key],
  );
  return row?.sealed;
}

/** Removes what it reads: of several who ask at once, one gets it. */
export async function takeState(
  db: Queryable,
  kind: StateKind,
  key: string,
): Promise<string | undefined> {
  const [row] = await db.query<{ sealed: string; alive: boolean }>(
    `delete from atproto_state where kind = $1 and key = $2
      returning sealed, expires_at > now() as alive`,
    [kind, key],
  );
  return row?.alive ? row.sealed : undefined;
}

export async function deleteState(db: Queryable, kind: StateKind, key: string): Promise<void> {
  await db.query('delete from atproto_state where kind = $1 and key = $2', [kind, key]);
}

/**
 * Takes a lock of sessions, which is a row beside theirs, or one whose owner died with it.
 *
 * @returns whether `owner` has it now
 */
export async function tryLock(
  db: Queryable,
  lock: { key: string; owner: string; seconds: number },
): Promise<boolean> {
  const rows = await db.query(
    `insert into atproto_state (kind, key, sealed, expires_at)
      values ('session', $1, $2, now() + make_interval(secs => $3))
      on conflict (kind, key) do update
        set sealed = excluded.sealed, expires_at = excluded.expires_at, updated_at = now()
        where atproto_state.expires_at <= now()
      returning key`,
    [lock.key, lock.owner, lock.seconds],
  );
  return rows.length > 0;
}

export async function unlock(db: Queryable, lock: { key: string; owner: string }): Promise<void> {
  await db.query(`delete from atproto_state where kind = 'session' and key = $1 and sealed = $2`, [
    lock.key,
    lock.owner,
  ]);
}

/** @returns how many are gone; the caller asks again until it is none */
export async function removeExpiredState(db: Queryable): Promise<number> {
  const rows = await db.query(
    `delete from atproto_state where (kind, key) in (
      select kind, key from atproto_state where expires_at <= now()
        limit 1000 for update skip locked)
      returning key`,
  );
  return rows.length;
}
