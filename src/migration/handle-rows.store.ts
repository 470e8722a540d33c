import type { Queryable } from '../database/database.ts';

export type HandleRow = {
  handle: string;
  accountId: string | null;
  state: 'held' | 'active' | 'tombstoned';
  imported: boolean;
};

export function handleRows(db: Queryable, handles: readonly string[]): Promise<HandleRow[]> {
  return db.query<HandleRow>(
    `select handle, account_id as "accountId", state, imported from handles
      where handle = any ($1::text[]) order by handle for update`,
    [handles],
  );
}

/**
 * Takes back entries that an import made, while nobody can be known by them: no Matrix user was ever
 * made or looked for, and their account has not signed in since.
 *
 * @returns those that are gone
 */
export async function removeUnusedImports(
  tx: Queryable,
  handles: readonly string[],
): Promise<string[]> {
  const removed = await tx.query<{ handle: string }>(
    `delete from handles h where handle = any ($1::text[]) and imported
        and not exists (select from matrix_users m where m.handle = h.handle)
        and not exists (select from accounts a where a.id = h.account_id
          and a.last_sign_in_at > h.created_at)
      returning handle`,
    [handles],
  );
  return removed.map(({ handle }) => handle);
}
