import type { Queryable } from '../database/database.ts';

export type StoredKey = {
  request: string;
  /** Null while somebody is at it. */
  answer: string | null;
  expiresAt: Date;
};

/**
 * Makes the key the caller's for some seconds: a new one, or one that has run out because its holder
 * died or its answer is old.
 *
 * @returns what names this hold, or undefined where another has the key
 */
export async function claimKey(
  db: Queryable,
  { id, request, seconds }: { id: string; request: string; seconds: number },
): Promise<string | undefined> {
  const [row] = await db.query<{ hold: string }>(
    `insert into idempotency_keys as kept (id, request, created_at, expires_at)
      values ($1, $2, clock_timestamp(), clock_timestamp() + make_interval(secs => $3))
      on conflict (id) do update set request = excluded.request, status = null, answer = null,
        created_at = excluded.created_at, expires_at = excluded.expires_at
        where kept.expires_at < clock_timestamp()
      returning created_at::text as hold`,
    [id, request, seconds],
  );
  return row?.hold;
}

export async function findKey(db: Queryable, id: string): Promise<StoredKey | undefined> {
  const [row] = await db.query<StoredKey>(
    `select request, answer #>> '{}' as answer, expires_at as "expiresAt"
      from idempotency_keys where id = $1`,
    [id],
  );
  return row;
}

type Hold = { id: string; hold: string };

export async function prolongHold(db: Queryable, { id, hold }: Hold, seconds: number) {
  await db.query(
    `update idempotency_keys set expires_at = clock_timestamp() + make_interval(secs => $3)
      where id = $1 and created_at = $2::timestamptz and status is null`,
    [id, hold, seconds],
  );
}

export async function storeAnswer(
  db: Queryable,
  { id, hold }: Hold,
  { answer, seconds }: { answer: string; seconds: number },
): Promise<void> {
  await db.query(
    `update idempotency_keys set status = 200, answer = to_jsonb($3::text),
        expires_at = clock_timestamp() + make_interval(secs => $4)
      where id = $1 and created_at = $2::timestamptz and status is null`,
    [id, hold, answer, seconds],
  );
}

export async function releaseKey(db: Queryable, { id, hold }: Hold): Promise<void> {
  await db.query(
    'delete from idempotency_keys where id = $1 and created_at = $2::timestamptz and status is null',
    [id, hold],
  );
}
