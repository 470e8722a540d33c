import type { Queryable, Transaction } from '../database/database.ts';

export type RequestState = 'waiting' | 'approved' | 'refused';

/** Somebody who proved who they are and waits to be let in. */
export type SignUpRequest = {
  id: string;
  tenantId: string;
  tenant: string;
  email: string | null;
  name: string | null;
  /** How they proved it: `email`, or the id of a way to sign in with others. */
  way: string;
  locale: string | null;
  state: RequestState;
  decidedBy: string | null;
  decidedAt: Date | null;
  createdAt: Date;
  expiresAt: Date;
};

export type NewRequest = Pick<
  SignUpRequest,
  'id' | 'tenantId' | 'email' | 'name' | 'way' | 'locale'
> & {
  /** Fingerprint of what was proved. */
  subject: string;
  days: number;
};

/** Of `sign_up_requests r` and their tenants `t`. */
export const requestColumns = `r.id, r.tenant_id as "tenantId", t.slug as tenant, r.email, r.name, r.way, r.locale,
  r.state, r.decided_by as "decidedBy", r.decided_at as "decidedAt", r.created_at as "createdAt",
  r.expires_at as "expiresAt"`;

/** @returns false where there is one already, which stays as it is until it expires */
export async function insertRequest(tx: Transaction, request: NewRequest): Promise<boolean> {
  const rows = await tx.query(
    `insert into sign_up_requests (id, tenant_id, subject, email, name, way, locale, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(days => $8))
      on conflict (tenant_id, subject) do update
        set id = excluded.id, email = excluded.email, name = excluded.name, way = excluded.way,
          locale = excluded.locale, state = 'waiting', decided_by = null, decided_at = null,
          created_at = now(), expires_at = excluded.expires_at
        where sign_up_requests.expires_at <= now()
      returning id`,
    [
      request.id,
      request.tenantId,
      request.subject,
      request.email,
      request.name,
      request.way,
      request.locale,
      request.days,
    ],
  );
  return rows.length > 0;
}

export async function requestState(
  db: Queryable,
  { tenantId, subject }: { tenantId: string; subject: string },
): Promise<RequestState | undefined> {
  const [row] = await db.query<{ state: RequestState }>(
    `select state from sign_up_requests
      where tenant_id = $1 and subject = $2 and expires_at > now()`,
    [tenantId, subject],
  );
  return row?.state;
}

export async function requestById(db: Queryable, id: string): Promise<SignUpRequest | undefined> {
  const [row] = await db.query<SignUpRequest>(
    `select ${requestColumns} from sign_up_requests r join tenants t on t.id = r.tenant_id
      where r.id = $1 and r.expires_at > now()`,
    [id],
  );
  return row;
}

/** Oldest first; of all tenants, in all states, where that is null. */
export function listRequests(
  db: Queryable,
  { tenantId, state }: { tenantId: string | null; state: RequestState | null },
): Promise<SignUpRequest[]> {
  return db.query(
    `select ${requestColumns} from sign_up_requests r join tenants t on t.id = r.tenant_id
      where r.expires_at > now() and ($1::uuid is null or r.tenant_id = $1)
        and ($2::text is null or r.state = $2)
      order by r.created_at, r.id`,
    [tenantId, state],
  );
}

/** @returns false where it was decided so before, or is gone */
export async function decideRequest(
  tx: Transaction,
  decision: { id: string; state: 'approved' | 'refused'; decidedBy: string; days: number },
): Promise<boolean> {
  const rows = await tx.query(
    `update sign_up_requests set state = $2, decided_by = $3, decided_at = now(),
        expires_at = now() + make_interval(days => $4)
      where id = $1 and state <> $2 and expires_at > now() returning id`,
    [decision.id, decision.state, decision.decidedBy, decision.days],
  );
  return rows.length > 0;
}

/** @returns the id of the approved request, which is gone from now on */
export async function takeApproved(
  tx: Transaction,
  { tenantId, subject }: { tenantId: string; subject: string },
): Promise<string | undefined> {
  const [row] = await tx.query<{ id: string }>(
    `delete from sign_up_requests
      where tenant_id = $1 and subject = $2 and state = 'approved' and expires_at > now()
      returning id`,
    [tenantId, subject],
  );
  return row?.id;
}
