import type { Queryable } from '../database/database.ts';

/** Leave for one browser to go on as an account, at one client. */
export type HandOff = {
  /** Fingerprint of the ticket. */
  id: string;
  tenantId: string;
  accountId: string;
  clientId: string;
  redirectUri: string;
  /** Id of the platform's client. */
  issuedBy: string;
};

const columns = `id, tenant_id as "tenantId", account_id as "accountId", client_id as "clientId",
  redirect_uri as "redirectUri", issued_by as "issuedBy"`;

/** @param seconds within which a browser must bring it */
export async function insertTicket(
  db: Queryable,
  ticket: HandOff,
  seconds: number,
): Promise<{ expiresAt: Date }> {
  const [row] = await db.query<{ expiresAt: Date }>(
    `insert into handoff_tickets
      (id, tenant_id, account_id, client_id, redirect_uri, issued_by, expires_at)
      values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
      returning expires_at as "expiresAt"`,
    [
      ticket.id,
      ticket.tenantId,
      ticket.accountId,
      ticket.clientId,
      ticket.redirectUri,
      ticket.issuedBy,
      seconds,
    ],
  );
  return row as { expiresAt: Date };
}

/**
 * A browser brings a ticket: nobody can bring it again.
 *
 * @param seconds that this browser has from now
 */
export async function takeTicket(
  db: Queryable,
  id: string,
  seconds: number,
): Promise<HandOff | undefined> {
  const [taken] = await db.query<HandOff>(
    `update handoff_tickets set consumed_at = now(), expires_at = now() + make_interval(secs => $2)
      where id = $1 and consumed_at is null and expires_at > now() returning ${columns}`,
    [id, seconds],
  );
  return taken;
}

/** What a browser brought and has not used. */
export async function findTaken(db: Queryable, id: string): Promise<HandOff | undefined> {
  const [taken] = await db.query<HandOff>(
    `select ${columns} from handoff_tickets
      where id = $1 and consumed_at is not null and expires_at > now()`,
    [id],
  );
  return taken;
}

/** Uses it, or gives it up: of several at once, one gets it. */
export async function endTaken(db: Queryable, id: string): Promise<HandOff | undefined> {
  const [ended] = await db.query<HandOff>(
    `delete from handoff_tickets
      where id = $1 and consumed_at is not null and expires_at > now() returning ${columns}`,
    [id],
  );
  return ended;
}

/** Everything that a platform began for an account and that was not finished. */
export async function endHandOffs(db: Queryable, accountId: string): Promise<void> {
  await db.query('delete from handoff_tickets where account_id = $1', [accountId]);
}

/** Clients of homeservers that people of this tenant may sign in to, at most three. */
export function homeserverClientsOf(
  db: Queryable,
  tenantId: string,
): Promise<{ id: string; allTenants: boolean }[]> {
  return db.query(
    `select c.id, c.all_tenants as "allTenants" from clients c
      where c.idp_id is not null and c.disabled_at is null and (c.all_tenants or exists (
        select from client_tenants ct where ct.client_id = c.id and ct.tenant_id = $1))
      order by c.all_tenants, c.id limit 3`,
    [tenantId],
  );
}
