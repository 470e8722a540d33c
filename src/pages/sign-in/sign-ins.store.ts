import type { Queryable } from '../../database/database.ts';

/** What a sign-in has come to so far. One row per interaction, gone when it ends. */
export type SignIn = {
  /** Where the interaction is kept: see `RowIds`. */
  id: string;
  /** Fingerprint of the browser cookie that it is bound to. */
  browser: string;
  clientId: string;
  /** Null while the sign-in is open to several tenants. */
  tenantId: string | null;
  /** Whether the request insists on that tenant, rather than the person having chosen it. */
  tenantFixed: boolean;
  intent: 'sign-in' | 'sign-up' | 'recovery';
  /** As typed: an email, or a handle that stands for one. */
  email: string | null;
  emailKey: string | null;
  /** When the address was proved by a code. */
  provedAt: Date | null;
  /** The account made or found, while something is still to be done with it. */
  accountId: string | null;
  remember: boolean;
  locale: string | null;
  /** Who the person is elsewhere: see `upstreamOf`. */
  upstreamSealed: string | null;
  /** By which the person joins, if they do. */
  invitationId: string | null;
  /** Whose first step is done, while another is asked for. */
  pendingAccountId: string | null;
  /** What was proved by it: see `pendingOf`. */
  pending: unknown;
};

const columns = `id, browser, client_id as "clientId", tenant_id as "tenantId",
  tenant_fixed as "tenantFixed", intent, email,
  email_key as "emailKey", proved_at as "provedAt", account_id as "accountId", remember, locale,
  upstream_sealed as "upstreamSealed", invitation_id as "invitationId",
  pending_account_id as "pendingAccountId", pending`;

export async function findSignIn(db: Queryable, id: string): Promise<SignIn | undefined> {
  const [row] = await db.query<SignIn>(
    `select ${columns} from sign_ins where id = $1 and expires_at > now()`,
    [id],
  );
  return row;
}

/**
 * Somebody acts on it, within what the limits of that allow: from now on it makes room for nobody, and
 * has all its time. A POST alone is nothing: see `anonymousLimits`.
 */
export async function touchSignIn(db: Queryable, id: string): Promise<void> {
  await db.query(
    `with touched as (
      update oidc_artifacts set untouched_by = null,
        expires_at = to_timestamp((payload->>'exp')::float8)
      where id = $1 and untouched_by is not null returning expires_at)
    update sign_ins s set expires_at = t.expires_at from touched t where s.id = $1`,
    [id],
  );
}

/** @param seconds until it is given up */
export async function startSignIn(
  db: Queryable,
  start: Pick<SignIn, 'id' | 'browser' | 'clientId' | 'tenantId' | 'intent'>,
  seconds: number,
): Promise<SignIn> {
  const [row] = await db.query<SignIn>(
    `insert into sign_ins (id, browser, client_id, tenant_id, tenant_fixed, intent, expires_at)
      values ($1, $2, $3, $4, $4::uuid is not null, $5, now() + make_interval(secs => $6))
      on conflict (id) do update set id = excluded.id returning ${columns}`,
    [start.id, start.browser, start.clientId, start.tenantId, start.intent, seconds],
  );
  return row as SignIn;
}

/**
 * Another address begins anew: nothing that was proved or chosen for the last one remains, but for
 * who the person is elsewhere, where the address is to go with that.
 */
export async function restartSignIn(
  db: Queryable,
  id: string,
  change: Pick<SignIn, 'intent' | 'email' | 'emailKey' | 'tenantId' | 'remember'>,
  { keepsUpstream = false }: { keepsUpstream?: boolean } = {},
): Promise<void> {
  await db.query(
    `update sign_ins set intent = $2, email = $3, email_key = $4, tenant_id = $5, remember = $6,
      proved_at = null, account_id = null, invitation_id = null,
      pending_account_id = null, pending = null,
      upstream_sealed = case when $7 then upstream_sealed end where id = $1`,
    [
      id,
      change.intent,
      change.email,
      change.emailKey,
      change.tenantId,
      change.remember,
      keepsUpstream,
    ],
  );
}

/** Somebody came back from elsewhere, or leaves that again: the rest begins anew. */
export async function keepUpstream(
  db: Queryable,
  id: string,
  sealed: string | null,
): Promise<void> {
  await db.query(
    `update sign_ins set upstream_sealed = $2, intent = 'sign-in', email = null, email_key = null,
      proved_at = null, account_id = null, invitation_id = null,
      pending_account_id = null, pending = null where id = $1`,
    [id, sealed],
  );
}

export async function markProved(
  db: Queryable,
  id: string,
  proof: { email: string; emailKey: string },
): Promise<void> {
  await db.query(
    'update sign_ins set proved_at = now(), email = $2, email_key = $3 where id = $1',
    [id, proof.email, proof.emailKey],
  );
}

export async function chooseTenant(db: Queryable, id: string, tenantId: string): Promise<void> {
  await db.query('update sign_ins set tenant_id = $2 where id = $1', [id, tenantId]);
}

export async function keepInvitation(
  db: Queryable,
  id: string,
  invitationId: string,
): Promise<void> {
  await db.query('update sign_ins set invitation_id = $2 where id = $1', [id, invitationId]);
}

export async function keepAccount(db: Queryable, id: string, accountId: string): Promise<void> {
  await db.query('update sign_ins set account_id = $2 where id = $1', [id, accountId]);
}

/** Also where what was proved has ended the sign-in so far, as recovery of an account does. */
export async function keepPending(
  db: Queryable,
  signIn: SignIn,
  { accountId, pending, seconds }: { accountId: string; pending: object; seconds: number },
): Promise<void> {
  await db.query(
    `insert into sign_ins (id, browser, client_id, tenant_id, tenant_fixed, intent, remember,
        pending_account_id, pending, expires_at)
      values ($1, $2, $3, $4, $5, 'sign-in', $6, $7, $8, now() + make_interval(secs => $9))
      on conflict (id) do update set remember = excluded.remember,
        pending_account_id = excluded.pending_account_id, pending = excluded.pending`,
    [
      signIn.id,
      signIn.browser,
      signIn.clientId,
      signIn.tenantId,
      signIn.tenantFixed,
      signIn.remember,
      accountId,
      JSON.stringify(pending),
      seconds,
    ],
  );
}

export async function endSignIn(db: Queryable, id: string): Promise<void> {
  await db.query('delete from sign_ins where id = $1', [id]);
}

export async function removeExpiredSignIns(db: Queryable): Promise<void> {
  await db.query('delete from sign_ins where expires_at < now()');
}
