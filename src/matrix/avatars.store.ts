import type { Queryable } from '../database/database.ts';

type Owner = { handle: string; accountId: string };

/** The picture of an account, and what is known of it on Matrix. */
export type Avatar = Owner & {
  /** An https address, as the account's other provider gave it. */
  picture: string | null;
  /** The address that was brought over last. */
  source: string | null;
  /** What we had the Matrix user show for it, as an `mxc:` address. */
  mxc: string | null;
  /** What it may show too, if we died on the way. */
  pending: string | null;
};

export async function findAvatar(db: Queryable, accountId: string): Promise<Avatar | undefined> {
  const [row] = await db.query<Avatar>(
    `select m.handle, m.account_id as "accountId", a.picture, m.avatar_source as source,
        m.avatar_mxc as mxc, m.avatar_pending as pending
      from accounts a
      join handles h on h.account_id = a.id and h.state = 'active'
      join matrix_users m on m.handle = h.handle and m.account_id = a.id
      where a.id = $1`,
    [accountId],
  );
  return row;
}

export async function beginAvatar(
  db: Queryable,
  { handle, accountId }: Owner,
  mxc: string,
): Promise<void> {
  await db.query(
    'update matrix_users set avatar_pending = $3 where handle = $1 and account_id = $2',
    [handle, accountId, mxc],
  );
}

export async function keepAvatar(
  db: Queryable,
  { handle, accountId }: Owner,
  { source, mxc }: Pick<Avatar, 'source' | 'mxc'>,
): Promise<void> {
  await db.query(
    `update matrix_users set avatar_source = $3, avatar_mxc = $4, avatar_pending = null
      where handle = $1 and account_id = $2`,
    [handle, accountId, source, mxc],
  );
}
