import type { Queryable } from '../database/database.ts';

export type AdministratorStatement = {
  tenantId: string;
  /** The platform's slug of the person, who may have no account yet. */
  userSlug: string;
  over: 'tenant' | 'platform';
  held: boolean;
  stamp: { sequence: number | null; occurredAt: string; eventId: string };
};

/** @returns false where a newer statement is known; the order is that of statements about members */
export async function saveAdministratorStatement(
  tx: Queryable,
  { tenantId, userSlug, over, held, stamp }: AdministratorStatement,
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

/**
 * What a platform says. A role that the operator gave is neither given nor taken by it: it was there
 * before, and stays.
 *
 * @returns whether this changed anything
 */
export async function setPlatformRole(
  tx: Queryable,
  { accountId, role, held }: { accountId: string; role: string; held: boolean },
): Promise<boolean> {
  const rows = await tx.query(
    held
      ? `update accounts set roles = array_append(roles, $2), updated_at = now(),
          platform_roles = array_append(platform_roles, $2)
        where id = $1 and status <> 'deleted' and $2 <> all (roles) returning 1`
      : `update accounts set roles = array_remove(roles, $2), updated_at = now(),
          platform_roles = array_remove(platform_roles, $2)
        where id = $1 and status <> 'deleted' and $2 = any (platform_roles) returning 1`,
    [accountId, role],
  );
  return rows.length > 0;
}

/** In the order given. */
export async function setGroups(
  tx: Queryable,
  id: string,
  groups: readonly string[],
): Promise<void> {
  await tx.query(
    `update accounts set groups = $2, updated_at = now() where id = $1 and status <> 'deleted'`,
    [id, groups],
  );
}

/** What the operator says: these and no others, and all of them are the operator's from now on. */
export async function setRoles(tx: Queryable, id: string, roles: readonly string[]): Promise<void> {
  await tx.query(
    `update accounts set roles = $2, platform_roles = '{}', updated_at = now()
      where id = $1 and status <> 'deleted'`,
    [id, roles],
  );
}
