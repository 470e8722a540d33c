import type { Queryable } from '../database/database.ts';

/** Everything that is known of a handle. */
export type HandleEntry = {
  handle: string;
  state: 'held' | 'active' | 'tombstoned';
  accountId: string | null;
  tenant: string | null;
  heldUntil: Date | null;
  imported: boolean;
  /** What became of its Matrix user, where that is ours to say. */
  matrixUser: string | null;
  matrixError: string | null;
  createdAt: Date;
};

/** Also of a hold that has ended: until its row is removed its sign-up may still finish. */
export async function handleEntry(db: Queryable, handle: string): Promise<HandleEntry | undefined> {
  const [entry] = await db.query<HandleEntry>(
    `select h.handle, h.state, h.account_id as "accountId", t.slug as tenant,
        h.held_until as "heldUntil", h.imported, m.state as "matrixUser",
        m.error as "matrixError", h.created_at as "createdAt"
      from handles h
      left join tenants t on t.id = h.tenant_id
      left join matrix_users m on m.handle = h.handle
      where lower(h.handle) = lower($1)`,
    [handle],
  );
  return entry;
}
