import type { Queryable } from '../database/database.ts';

export type AdministratorWord = {
  tenantId: string;
  /** The platform's slug of the person, who may have no account yet. */
  userSlug: string;
  over: 'tenant' | 'platform';
  held: boolean;
  stamp: { sequence: number | null; occurredAt: string; eventId: string };
};

/** @returns false where a newer word is known; the order is that of words about members */
export async function keepAdministratorWord(
  tx: Queryable,
  { tenantId, userSlug, over, held, stamp }: AdministratorWord,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into administrator_words as known
        (tenant_id, member, over, held, sequence, occurred_at, event_id)
      values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (tenant_id, member, over) do update set held = excluded.held,
        sequence = excluded.sequence, occurred_at = excluded.occurred_at,
        event_id = excluded.event_id
        where (coalesce(excluded.sequence, -1), excluded.occurred_at, excluded.event_id)
          > (coalesce(known.sequence, -1), known.occurred_at, known.event_id)
      returning 1`,
    [tenantId, userSlug, over, held, stamp.sequence, stamp.occurredAt, stamp.eventId],
  );
  return rows.length > 0;
}

/** Whether the platform says of this slug that it administers its tenant. */
export async function administersTenant(
  db: Queryable,
  tenantId: string,
  userSlug: string | null,
): Promise<boolean> {
  const [row] = await db.query<{ held: boolean }>(
    `select held from administrator_words
      where tenant_id = $1 and member = $2 and over = 'tenant'`,
    [tenantId, userSlug],
  );
  return row?.held ?? false;
}

/** @returns whether this changed anything */
export async function giveOrTakeRole(
  tx: Queryable,
  { accountId, role, held }: { accountId: string; role: string; held: boolean },
): Promise<boolean> {
  const rows = await tx.query(
    `update accounts set updated_at = now(),
        roles = case when $3 then array_append(roles, $2) else array_remove(roles, $2) end
      where id = $1 and status <> 'deleted' and ($2 = any(roles)) <> $3
      returning 1`,
    [accountId, role, held],
  );
  return rows.length > 0;
}

export async function setRoles(tx: Queryable, id: string, roles: readonly string[]): Promise<void> {
  await tx.query(
    `update accounts set roles = $2, updated_at = now() where id = $1 and status <> 'deleted'`,
    [id, roles],
  );
}
