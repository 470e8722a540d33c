import type { Queryable } from '../database/database.ts';

export type RequestPurpose = 'sign-in' | 'link' | 'confirm';

/** A sign-in elsewhere that is under way. */
export type StoredRequest = {
  /** Fingerprint of the state. */
  id: string;
  /** Fingerprint of the browser cookie that it is bound to. */
  browser: string;
  signInId: string | null;
  /** Null while the sign-in is open to several tenants. */
  tenantId: string | null;
  connection: string;
  purpose: RequestPurpose;
  /** Whose account it is about, where it is about one. */
  accountId: string | null;
  sealed: string;
};

/** @param seconds until it is given up */
export async function insertRequest(
  db: Queryable,
  request: StoredRequest,
  seconds: number,
): Promise<void> {
  await db.query(
    `insert into upstream_requests (id, browser, sign_in_id, tenant_id, connection, purpose,
        account_id, sealed, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => $9))`,
    [
      request.id,
      request.browser,
      request.signInId,
      request.tenantId,
      request.connection,
      request.purpose,
      request.accountId,
      request.sealed,
      seconds,
    ],
  );
}

/** Uses a request up. Of several answers to it, in whatever instance, one gets it. */
export async function consumeRequest(
  db: Queryable,
  by: Pick<StoredRequest, 'id' | 'browser' | 'connection'>,
): Promise<StoredRequest | undefined> {
  const [row] = await db.query<StoredRequest>(
    `update upstream_requests set consumed_at = now()
      where id = $1 and browser = $2 and connection = $3
        and consumed_at is null and expires_at > now()
      returning id, browser, sign_in_id as "signInId", tenant_id as "tenantId", connection,
        purpose, account_id as "accountId", sealed`,
    [by.id, by.browser, by.connection],
  );
  return row;
}

export async function removeExpiredRequests(db: Queryable): Promise<void> {
  await db.query('delete from upstream_requests where expires_at < now()');
}
